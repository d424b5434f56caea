import { describe, expect, it } from "@effect/vitest"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { defaultsOf, type LimitOptions, layer, layerConfig, resolve } from "../src/Limits.js"

describe("PARITY §24, T-02: the defaults of each role", () => {
  it("a client waits for ever, a server gives up a silent peer after 300 s, and both close within 10 s", () => {
    expect(defaultsOf("client")).toMatchObject({ idleTimeout: Infinity, keepAlive: false, messageTimeout: Infinity })
    expect(defaultsOf("server")).toMatchObject({ idleTimeout: 300_000, keepAlive: true, messageTimeout: 300_000 })
    for (const role of ["client", "server"] as const) {
      expect(defaultsOf(role)).toMatchObject({
        maxMessageSize: 16_777_216,
        maxHeadSize: 16_384,
        maxFields: 100,
        maxFragments: 65_536,
        handshakeTimeout: 30_000,
        closeTimeout: 10_000
      })
    }
  })
})

describe("resolve", () => {
  it.effect("gives the defaults of the role when nothing else is said", () =>
    Effect.gen(function* () {
      expect(yield* resolve("client")).toEqual(defaultsOf("client"))
      expect(yield* resolve("server", {})).toEqual(defaultsOf("server"))
    })
  )

  it.effect("the connection's own win over the ambient ones, and those over the defaults; undefined says nothing", () =>
    Effect.gen(function* () {
      const own: LimitOptions = { maxFields: 3, maxHeadSize: undefined }
      const limits = yield* Effect.provide(
        resolve("client", own),
        layer({ maxFields: 2, maxHeadSize: 512, maxFragments: undefined })
      )
      expect(limits).toEqual({ ...defaultsOf("client"), maxFields: 3, maxHeadSize: 512 })
    })
  )

  it.effect("durations are taken in every form, and given in milliseconds", () =>
    Effect.gen(function* () {
      const limits = yield* resolve("server", {
        closeTimeout: "3 seconds",
        handshakeTimeout: Duration.minutes(1),
        idleTimeout: 1500,
        messageTimeout: Duration.infinity,
        keepAlive: false
      })
      expect(limits).toMatchObject({
        closeTimeout: 3000,
        handshakeTimeout: 60_000,
        idleTimeout: 1500,
        messageTimeout: Infinity,
        keepAlive: false
      })
    })
  )

  it.effect("Infinity takes a limit away", () =>
    Effect.map(resolve("client", { maxMessageSize: Infinity }), (limits) =>
      expect(limits.maxMessageSize).toBe(Infinity)
    )
  )

  const wrong: ReadonlyArray<readonly [string, LimitOptions, string]> = [
    ["no octets for a message", { maxMessageSize: 0 }, "limits.maxMessageSize"],
    ["a negative limit", { readAhead: -1 }, "limits.readAhead"],
    ["half an octet", { maxFrameSize: 1.5 }, "limits.maxFrameSize"],
    ["not a number", { maxFields: Number.NaN }, "limits.maxFields"],
    ["a number as text", { maxFields: "7" as unknown as number }, "limits.maxFields"],
    ["more than can be counted", { maxFields: 2 ** 53 }, "limits.maxFields"],
    ["fragments of less than 8 octets (Beast: write_buffer_bytes)", { fragmentSize: 7 }, "limits.fragmentSize"],
    ["a head of 255 octets", { maxHeadSize: 255 }, "limits.maxHeadSize"],
    ["no time at all", { closeTimeout: 0 }, "limits.closeTimeout"]
  ]
  for (const [name, options, option] of wrong) {
    it.effect(`${name} is an OptionError that names ${option}`, () =>
      Effect.gen(function* () {
        const own = yield* Effect.flip(resolve("client", options))
        expect(own).toMatchObject({ _tag: "OptionError", option })
        expect(own.message).toContain(option)
        expect(yield* Effect.flip(Effect.provide(resolve("server"), layer(options)))).toMatchObject({ option })
      })
    )
  }

  it.effect("names that are no limits are left alone, those of Object.prototype too", () =>
    Effect.gen(function* () {
      const strange = JSON.parse('{"__proto__":{"maxFields":1},"constructor":1,"maxFeilds":1}') as LimitOptions
      expect(yield* resolve("client", strange)).toEqual(defaultsOf("client"))
    })
  )
})

describe("layerConfig", () => {
  const limits = layerConfig({
    maxMessageSize: Config.integer("MAX_MESSAGE_SIZE"),
    idleTimeout: Config.withDefault(Config.duration("IDLE_TIMEOUT"), "7 seconds")
  })
  const given = (text: string) =>
    Layer.provide(limits, Layer.setConfigProvider(ConfigProvider.fromMap(new Map([["MAX_MESSAGE_SIZE", text]]))))

  it.effect("takes limits from the ConfigProvider; what is not given has the default of its role", () =>
    Effect.map(Effect.provide(resolve("client"), given("1000")), (values) =>
      expect(values).toEqual({ ...defaultsOf("client"), maxMessageSize: 1000, idleTimeout: 7000 })
    )
  )

  it.effect("what is no number is a ConfigError with its path, what is out of range an OptionError with its name", () =>
    Effect.gen(function* () {
      const failure = (text: string) => Effect.flip(Effect.provide(Effect.void, given(text)))
      expect(yield* failure("large")).toMatchObject({ _op: "InvalidData", path: ["MAX_MESSAGE_SIZE"] })
      expect(yield* failure("0")).toMatchObject({ _tag: "OptionError", option: "limits.maxMessageSize" })
    })
  )
})
