import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { Compression } from "effect-websocket/Compression"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as NodeCompression from "../src/NodeCompression.js"
import { ofHandle } from "../src/NodeDeflateHandle.js"
import type { DeflateStreams } from "../src/NodeDeflateStream.js"
import { agreements, kinds, messages, random, settings } from "./support/deflateMessages.js"
import { hex, noTakeover, type Open, text, toHex, widest, withEngines } from "./support/engines.js"

for (const [name, streams] of kinds) {
  const engines = <A>(test: (open: Open) => A, idleMemory?: number) =>
    withEngines(NodeCompression.layerOf(streams, { idleMemory }), test)

  describe(`RFC 7692 §7.2.3 Examples, by ${name}`, () => {
    const inflated = (...payloads: ReadonlyArray<string>) =>
      engines((open) => {
        const side = open()
        return payloads
          .map((payload) => side.inflate(hex(payload)))
          .map((result) => Buffer.from(result as Uint8Array).toString())
      })

    it("§7.2.3.1: a message compressed using one compressed DEFLATE block", () => {
      expect(inflated("f2 48 cd c9 c9 07 00")).toEqual(["Hello"])
      expect(engines((open) => toHex(open().deflate(text("Hello"))))).toBe("f248cdc9c90700")
    })

    it("§7.2.3.1: the same message in two fragments", () => {
      expect(engines((open) => open().inflate(hex("f2 48 cd c9 c9 07 00"), 3))).toEqual(text("Hello"))
    })

    it("§7.2.3.2: sharing LZ77 sliding window", () => {
      expect(inflated("f2 48 cd c9 c9 07 00", "f2 48 cd c9 c9 07 00")).toEqual(["Hello", "Hello"])
      expect(inflated("f2 48 cd c9 c9 07 00", "f2 00 11 00 00")).toEqual(["Hello", "Hello"])
    })

    it("§7.2.3.3: using a DEFLATE block with no compression", () => {
      expect(inflated("00 05 00 fa ff 48 65 6c 6c 6f 00")).toEqual(["Hello"])
    })

    it("§7.2.3.4: using a DEFLATE block with BFINAL set to 1", () => {
      expect(inflated("f3 48 cd c9 c9 07 00 00")).toEqual(["Hello"])
    })

    it("§7.2.3.5: two DEFLATE blocks in one message", () => {
      expect(inflated("f2 48 05 00 00 00 ff ff ca c9 c9 07 00")).toEqual(["Hello"])
    })

    it("§7.2.3.6: generating an empty fragment", () => {
      expect(inflated("00")).toEqual([""])
      expect(engines((open) => toHex(open().deflate(new Uint8Array(0))))).toBe("00")
    })
  })

  describe(`every agreement (RFC 7692 §7.1), by ${name}`, () => {
    it("every message comes through, whatever was agreed, in both roles", () => {
      const property = fc.property(agreements, settings, messages, fc.boolean(), (agreed, setting, list, isServer) =>
        engines((open) => {
          const near = open(agreed, isServer ? "server" : "client", setting)
          const far = open(agreed, isServer ? "client" : "server", setting)
          for (const message of list) expect(far.inflate(near.deflate(message))).toEqual(message)
          for (const message of list) expect(near.inflate(far.deflate(message))).toEqual(message)
        })
      )
      fc.assert(property, { numRuns: 30 })
    })
  })

  describe(`the pool, by ${name}`, () => {
    it("connections never see each other's contexts, in whatever order their messages come, with little memory or much", () => {
      const turns = fc.array(fc.tuple(fc.nat(3), fc.nat(2), messages), { maxLength: 12 })
      const property = fc.property(
        fc.constantFrom(0, 200_000, undefined),
        fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
        turns,
        (memory, takeovers, list) =>
          engines((open) => {
            const pairs = takeovers.map((takeover) => {
              const agreed = takeover ? widest : noTakeover
              return { near: open(agreed, "client"), far: open(agreed, "server"), queue: [] as Array<Uint8Array> }
            })
            for (const [index, cut, group] of list) {
              const { far, near } = pairs[index]
              for (const message of group) {
                const payload = near.deflate(message)
                const half = Math.floor((payload.length * cut) / 2)
                expect(far.push(payload.subarray(0, half))).toBeUndefined()
                // In the middle of the message another connection has one.
                const other = pairs[(index + 1) % 4]
                expect(other.far.inflate(other.near.deflate(text("between")))).toEqual(text("between"))
                expect(far.push(payload.subarray(half))).toBeUndefined()
                expect(far.engine.inflater.end()).toBeUndefined()
                expect(far.sink.take()).toEqual(message)
              }
            }
          }, memory)
      )
      fc.assert(property, { numRuns: 40 })
    })

    it("an engine that is closed in the middle of a message leaves nothing in what the next one gets", () => {
      engines((open) => {
        const [near, far] = [open(noTakeover, "client"), open(noTakeover, "server")]
        near.engine.deflater.deflate(text("never sent"), "more")
        far.push(hex("f2 48 cd"))
        near.engine.close()
        far.engine.close()
        const [next, peer] = [open(noTakeover, "client"), open(noTakeover, "server")]
        expect(peer.inflate(next.deflate(text("Hello")))).toEqual(text("Hello"))
      })
    })

    it("closing is idempotent, and afterwards what arrives is ignored", () => {
      engines((open) => {
        const side = open()
        side.inflate(hex("f2 48 cd c9 c9 07 00"))
        side.engine.close()
        side.engine.close()
        expect(side.inflate(hex("f2 48 cd c9 c9 07 00"))).toEqual(new Uint8Array(0))
      })
    })
  })
}

describe("context takeover (RFC 7692 §7.1.1)", () => {
  const size = (open: Open, agreed = widest) => {
    const side = open(agreed)
    const message = random(200)
    return [side.deflate(message).length, side.deflate(message).length]
  }

  it("a message refers to the one before it, unless that was excluded", () => {
    withEngines(NodeCompression.layer, (open) => {
      expect(size(open)[1]).toBeLessThan(50)
      expect(size(open, noTakeover)[1]).toBeGreaterThan(200)
    })
  })

  it("with no memory for idle compressors a single connection keeps its context, and two lose theirs", () => {
    withEngines(NodeCompression.layerOf(ofHandle, { idleMemory: 0 }), (open) => {
      const [first, second] = [open(), open()]
      first.deflate(random(200))
      expect(first.deflate(random(200)).length).toBeLessThan(50)
      second.deflate(random(200))
      expect(first.deflate(random(200)).length).toBeGreaterThan(200)
    })
  })
})

describe("PARITY P-17, B-14: memory of zlib", () => {
  it("there is none before the first compressed message; without context takeover one stream each way serves all", () => {
    const made = { deflate: 0, inflate: 0 }
    const counting: DeflateStreams = {
      deflate: (options) => {
        made.deflate++
        return ofHandle.deflate(options)
      },
      inflate: (windowBits) => {
        made.inflate++
        return ofHandle.inflate(windowBits)
      }
    }
    withEngines(NodeCompression.layerOf(counting), (open) => {
      const pairs = Array.from({ length: 30 }, () => ({
        near: open(noTakeover, "client"),
        far: open(noTakeover, "server")
      }))
      expect(made).toEqual({ deflate: 0, inflate: 0 })
      for (const { far, near } of pairs) {
        const message = random(300)
        expect(far.inflate(near.deflate(message))).toEqual(message)
      }
      expect(made).toEqual({ deflate: 1, inflate: 1 })
    })
  })
})

describe("NodeCompression.layer", () => {
  it("refuses memory that is no size", () => {
    const build = (idleMemory: number) =>
      Effect.runSync(
        Effect.either(Effect.provide(Effect.asVoid(Compression), NodeCompression.layerWith({ idleMemory })))
      )
    expect(Either.isRight(build(0))).toBe(true)
    for (const memory of [-1, Number.NaN]) expect(Either.isLeft(build(memory))).toBe(true)
  })

  it("leaves nothing open when its scope is closed", () => {
    const before = process.getActiveResourcesInfo()
    withEngines(NodeCompression.layer, (open) => {
      const [near, far] = [open(widest, "client"), open(widest, "server")]
      far.inflate(near.deflate(text("Hello")))
    })
    expect(process.getActiveResourcesInfo()).toEqual(before)
  })
})
