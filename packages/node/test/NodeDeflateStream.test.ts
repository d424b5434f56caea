import * as zlib from "node:zlib"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { ofHandle } from "../src/NodeDeflateHandle.js"
import { ofPublic } from "../src/NodeDeflatePublic.js"
import { Flush, type NodeDeflateStream } from "../src/NodeDeflateStream.js"
import { messages, settings } from "./support/deflateMessages.js"

/** The octets that come out when `size` of them have room at a time; undefined for broken data. */
const inflate = (stream: NodeDeflateStream, input: Uint8Array, size: number) => {
  const output = new Uint8Array(size)
  const pieces: Array<Uint8Array> = []
  let at = 0
  do {
    if (!stream.write(Flush.Sync, input, at, input.length, output, size)) return undefined
    pieces.push(output.slice(0, size - stream.availOut))
    at = input.length - stream.availIn
  } while (stream.availOut === 0)
  return { octets: new Uint8Array(Buffer.concat(pieces)), left: stream.availIn }
}

/** Behind all data, so that none of them are merely cut: zlib says only then that some are broken. */
const more = new Uint8Array(64)

/** DEFLATE data, perhaps with an octet that was changed. */
const data = fc.tuple(messages, settings, fc.option(fc.tuple(fc.nat(), fc.nat(255)))).map(([list, setting, change]) => {
  const octets = zlib.deflateRawSync(Buffer.concat(list), setting)
  if (change !== null) octets[change[0] % octets.length] = change[1]
  return new Uint8Array(octets)
})

describe("streams of raw DEFLATE data (RFC 1951)", () => {
  const [native, plain] = [ofHandle.inflate(15), ofPublic.inflate(15)]

  it("both ways inflate the same octets, and find the same data broken, wherever they have to stop", () => {
    const property = fc.property(
      fc.oneof(data, fc.uint8Array({ maxLength: 80 })),
      fc.integer({ min: 1, max: 500 }),
      (octets, size) => {
        const input = new Uint8Array(Buffer.concat([octets, more]))
        native.reset()
        plain.reset()
        expect(inflate(plain, input, size)).toEqual(inflate(native, input, size))
      }
    )
    fc.assert(property, { numRuns: 400 })
  })

  it("neither goes on after broken data, until it is reset", () => {
    for (const stream of [native, plain]) {
      stream.reset()
      expect(inflate(stream, Uint8Array.of(0x07), 9)).toBeUndefined()
      expect(inflate(stream, Uint8Array.of(0x03, 0x00), 9)).toBeUndefined()
      stream.reset()
      expect(inflate(stream, Uint8Array.of(0x03, 0x00, 0xff), 9)).toEqual({ octets: new Uint8Array(0), left: 1 })
    }
  })

  it("both stop at the end of a block when they are told to", () => {
    for (const stream of [native, plain]) {
      stream.reset()
      const blocks = Uint8Array.of(0, 1, 0, 0xfe, 0xff, 7, 0, 1, 0, 0xfe, 0xff, 8)
      const output = new Uint8Array(9)
      expect([stream.write(Flush.Block, blocks, 0, 12, output, 9), stream.availIn, stream.availOut]).toEqual([
        true,
        6,
        8
      ])
      expect([stream.write(Flush.Block, blocks, 6, 12, output, 9), stream.availIn, stream.availOut]).toEqual([
        true,
        0,
        8
      ])
    }
  })
})
