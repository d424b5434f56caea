import * as zlib from "node:zlib"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as NodeCompression from "../src/NodeCompression.js"
import { agreements, kinds, messages, random, settings } from "./support/deflateMessages.js"
import { hex, type Open, text, toHex, widest, withEngines } from "./support/engines.js"

for (const [name, streams] of kinds) {
  const engines = <A>(test: (open: Open) => A) => withEngines(NodeCompression.layerOf(streams), test)

  describe(`RFC 7692 §7.2.1 Compression, by ${name}`, () => {
    it("zlib, with the agreed window and no more, reads what is written", () => {
      const property = fc.property(agreements, settings, messages, (agreed, setting, list) => {
        const stream = engines((open) => {
          const near = open(agreed, "server", setting)
          return Buffer.concat(list.flatMap((message) => [near.deflate(message), hex("0000ffff")]))
        })
        const windowBits = Math.max(9, agreed.serverMaxWindowBits)
        const options = { windowBits, finishFlush: zlib.constants.Z_SYNC_FLUSH }
        expect(zlib.inflateRawSync(stream, options)).toEqual(Buffer.concat(list))
      })
      fc.assert(property, { numRuns: 30 })
    })

    it("the octets 00 00 ff ff at the tail end are removed, and only there", () => {
      engines((open) => {
        const { deflater } = open().engine
        const first = toHex(deflater.deflate(text("Hello"), "flush"))
        expect(first).toBe("f248cdc9c907000000ffff")
        expect(toHex(deflater.deflate(new Uint8Array(0), "end"))).toBe("00")
      })
    })

    it("a message in parts, however they are flushed, is the same message", () => {
      const steps = fc.array(fc.tuple(fc.uint8Array({ maxLength: 200 }), fc.constantFrom("more", "flush")), {
        maxLength: 9
      })
      const property = fc.property(agreements, fc.array(steps, { maxLength: 4 }), (agreed, list) =>
        engines((open) => {
          const [near, far] = [open(agreed, "client"), open(agreed, "server")]
          for (const parts of list) {
            const sent = parts.map(([octets, step]) => near.engine.deflater.deflate(octets, step as "more").slice())
            const payload = Buffer.concat([...sent, near.engine.deflater.deflate(new Uint8Array(0), "end")])
            expect(far.inflate(new Uint8Array(payload))).toEqual(
              new Uint8Array(Buffer.concat(parts.map(([octets]) => octets)))
            )
          }
        })
      )
      fc.assert(property, { numRuns: 30 })
    })

    it("what was flushed can be inflated before the message ends", () => {
      engines((open) => {
        const [near, far] = [open(widest, "client"), open(widest, "server")]
        expect(far.push(near.engine.deflater.deflate(text("first"), "flush").slice())).toBeUndefined()
        expect(far.sink.take()).toEqual(text("first"))
      })
    })

    it("§7.2.3.2: after a reset the next message refers to none before it, and can be inflated with them in the window", () => {
      engines((open) => {
        const [near, far] = [open(widest, "client"), open(widest, "server")]
        const again = text("again and again, ".repeat(9))
        const first = near.deflate(again).slice()
        near.engine.deflater.reset()
        expect(far.inflate(first)).toEqual(again)
        expect(far.inflate(text("\u0000"))).toEqual(new Uint8Array(0))
        const second = near.deflate(again).slice()
        expect(second).toEqual(first)
        expect(far.inflate(second)).toEqual(again)
      })
    })

    it("octets that cannot be compressed, and more than there is room for, come through", () => {
      engines((open) => {
        const [near, far] = [open(widest, "client", { level: 9 }), open(widest, "server")]
        for (const size of [65_536, 81_915, 81_920, 300_000]) {
          expect(Buffer.compare(far.inflate(near.deflate(random(size))) as Uint8Array, random(size))).toBe(0)
        }
      })
    })

    it("§7.1.2.1: a window of 8 bits is kept to, with stored blocks", () => {
      engines((open) => {
        const agreed = { ...widest, clientMaxWindowBits: 8 }
        const payload = open(agreed, "client").deflate(new Uint8Array(600).fill(97))
        expect(payload.length).toBeGreaterThan(600)
        expect(open(agreed, "server").inflate(payload)).toEqual(new Uint8Array(600).fill(97))
      })
    })
  })
}
