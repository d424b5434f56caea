import * as zlib from "node:zlib"
import { describe, expect, it } from "vitest"
import { NodeDeflatePublic } from "../src/NodeDeflatePublic.js"
import { Flush } from "../src/NodeDeflateStream.js"
import { text, toHex } from "./support/engines.js"

const write = (stream: NodeDeflatePublic, flush: number, input: Uint8Array, room: number): string => {
  const output = new Uint8Array(room)
  stream.write(flush, input, 0, input.length, output, room)
  return toHex(output.subarray(0, room - stream.availOut))
}

const nothing = new Uint8Array(0)

describe("compression by the public API", () => {
  it("output without room comes with the next call, once", () => {
    const stream = new NodeDeflatePublic({ windowBits: 15, level: 6, memLevel: 8 })
    expect(write(stream, Flush.Sync, text("Hello"), 4)).toBe("f248cdc9")
    expect(stream.availOut).toBe(0)
    expect(write(stream, Flush.Sync, nothing, 9)).toBe("c907000000ffff")
    expect(stream.availOut).toBe(2)
  })

  it("a flush after nothing is an empty stored block (RFC 1951 §3.2.4)", () => {
    const stream = new NodeDeflatePublic({ windowBits: 15, level: 6, memLevel: 8 })
    expect(write(stream, Flush.None, nothing, 9)).toBe("")
    expect(write(stream, Flush.Sync, nothing, 9)).toBe("000000ffff")
  })

  it("parts are data of one stream, each on its own", () => {
    const stream = new NodeDeflatePublic({ windowBits: 9, level: 9, memLevel: 1 })
    const parts = ["abcabcabc", "abcabcabc"].map((part) => write(stream, Flush.None, text(part), 99))
    expect(parts[0]).toBe(parts[1])
    const octets = Buffer.from(parts.join(""), "hex")
    expect(zlib.inflateRawSync(octets, { finishFlush: Flush.Sync }).toString()).toBe("abcabcabcabcabcabc")
  })

  it("a reset forgets what had no room", () => {
    const stream = new NodeDeflatePublic({ windowBits: 15, level: 6, memLevel: 8 })
    for (const forget of [() => stream.reset(), () => stream.close()]) {
      write(stream, Flush.Sync, text("Hello"), 1)
      forget()
      expect(write(stream, Flush.None, nothing, 9)).toBe("")
    }
  })
})
