import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import {
  Compression,
  type CompressionOptions,
  type CompressionService,
  chosen,
  defaults,
  incoming,
  outgoing,
  resolve
} from "../src/Compression.js"

describe("the options of permessage-deflate", () => {
  it.effect("nothing said, the defaults are used", () =>
    Effect.map(resolve({ level: undefined }), (settings) => expect(settings).toEqual(defaults))
  )

  it.effect("what is said is used", () =>
    Effect.map(
      resolve({ level: 0, memLevel: 9, serverMaxWindowBits: 9, serverNoContextTakeover: true, threshold: 0 }),
      (settings) =>
        expect(settings).toEqual({
          ...defaults,
          level: 0,
          memLevel: 9,
          serverMaxWindowBits: 9,
          serverNoContextTakeover: true,
          threshold: 0
        })
    )
  )

  it.effect.each<readonly [CompressionOptions, string, string]>([
    [{ serverMaxWindowBits: 8 }, "serverMaxWindowBits", "an integer from 9 to 15"],
    [{ clientMaxWindowBits: 16 }, "clientMaxWindowBits", "an integer from 9 to 15"],
    [{ level: -1 }, "level", "an integer from 0 to 9"],
    [{ level: 10 }, "level", "an integer from 0 to 9"],
    [{ memLevel: 0 }, "memLevel", "an integer from 1 to 9"],
    [{ memLevel: 1.5 }, "memLevel", "an integer from 1 to 9"],
    [{ level: "6" as never }, "level", "an integer from 0 to 9"],
    [{ threshold: -1 }, "threshold", "an integer of at least 0, or Infinity"],
    [{ threshold: Number.NaN }, "threshold", "an integer of at least 0, or Infinity"],
    [{ clientNoContextTakeover: "yes" as never }, "clientNoContextTakeover", "a boolean"]
  ])("P-01: %o is out of range", ([options, option, rule]) =>
    Effect.map(Effect.flip(resolve(options)), (error) => {
      expect(error).toMatchObject({ _tag: "OptionError", option: `compression.${option}`, rule })
    })
  )

  it.effect("a threshold of Infinity compresses nothing", () =>
    Effect.map(resolve({ threshold: Infinity }), ({ threshold }) => expect(threshold).toBe(Infinity))
  )
})

describe("the compression that is chosen", () => {
  const service: CompressionService = {
    open: () => {
      throw new Error("no connection is opened here")
    }
  }
  const provided = Effect.provideService(Compression, service)

  it.effect("none is wanted unless it is said", () =>
    Effect.gen(function* () {
      expect([yield* chosen(), yield* provided(chosen(false))]).toEqual([undefined, undefined])
    })
  )

  it.effect("true is with the defaults, and options change them", () =>
    Effect.gen(function* () {
      expect(yield* provided(chosen(true))).toEqual({ ...defaults, ...service })
      expect(yield* provided(chosen({ level: 1 }))).toEqual({ ...defaults, level: 1, ...service })
    })
  )

  it.effect("what is out of range, or has no service, is an OptionError", () =>
    Effect.gen(function* () {
      const outOfRange = yield* Effect.flip(provided(chosen({ level: 10 })))
      expect(outOfRange).toMatchObject({ _tag: "OptionError", option: "compression.level" })
      const missing = yield* Effect.flip(chosen(true))
      expect(missing).toMatchObject({ _tag: "OptionError", option: "compression" })
    })
  )
})

describe("RFC 7692 §7.1 the direction of a parameter", () => {
  const agreed = {
    serverNoContextTakeover: true,
    clientNoContextTakeover: false,
    serverMaxWindowBits: 10,
    clientMaxWindowBits: 11
  }
  const [ofServer, ofClient] = [
    { windowBits: 10, contextTakeover: false },
    { windowBits: 11, contextTakeover: true }
  ]

  it("the parameters of the server are for what it sends", () => {
    expect(outgoing(agreed, "server")).toEqual(ofServer)
    expect(incoming(agreed, "client")).toEqual(ofServer)
  })

  it("those of the client likewise", () => {
    expect(outgoing(agreed, "client")).toEqual(ofClient)
    expect(incoming(agreed, "server")).toEqual(ofClient)
  })
})
