import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Compression from "effect-websocket/Compression"
import * as Limits from "effect-websocket/Limits"
import { differs, titled } from "./deviations.js"

/** Options of permessage-deflate which Beast refuses by throwing. */
const badDeflate: ReadonlyArray<Compression.CompressionOptions> = [
  { serverMaxWindowBits: 16 },
  { serverMaxWindowBits: 8 },
  { clientMaxWindowBits: 16 },
  { clientMaxWindowBits: 8 },
  { level: -1 },
  { level: 10 },
  { memLevel: 0 },
  { memLevel: 10 }
]

describe("Beast stream.cpp: testOptions (PARITY §17.7)", () => {
  it.effect("write_buffer_bytes(7): fragments of less than 8 octets", () =>
    Effect.map(Effect.flip(Limits.resolve("client", { fragmentSize: 7 })), (error) =>
      expect(error).toMatchObject({ _tag: "OptionError", option: "limits.fragmentSize" })
    )
  )

  it.effect("write_buffer_bytes(2048), read_message_max(1 MiB)", () =>
    Effect.map(Limits.resolve("client", { fragmentSize: 2048, maxMessageSize: 1024 * 1024 }), (limits) =>
      expect(limits).toMatchObject({ fragmentSize: 2048, maxMessageSize: 1024 * 1024 })
    )
  )

  it(titled("write_buffer_bytes: 4096 by default", differs("messages leave in frames of 4096 octets")), () => {
    expect([Limits.defaultsOf("client").fragmentSize, Limits.defaultsOf("server").fragmentSize]).toEqual([65536, 65536])
  })

  for (const options of badDeflate) {
    it.effect(`permessage_deflate ${JSON.stringify(options)}`, () =>
      Effect.map(Effect.flip(Compression.resolve(options)), (error) =>
        expect(error).toMatchObject({ _tag: "OptionError", option: `compression.${Object.keys(options)[0]}` })
      )
    )
  }
})

describe("Beast stream.cpp: testGetSetOption (PARITY §17.7)", () => {
  const off = differs("timeouts are off unless they are set")
  for (const [role, handshakeTimeout, idleTimeout, keepAlive] of [
    ["client", 30_000, Infinity, false],
    ["server", 30_000, 300_000, true]
  ] as const) {
    it(titled(`timeout::suggested(${role})`, off), () => {
      expect(Limits.defaultsOf(role)).toMatchObject({ handshakeTimeout, idleTimeout, keepAlive })
    })
  }

  it.effect("an option that was set is got", () =>
    Effect.map(
      Limits.resolve("client", { handshakeTimeout: "30 seconds", idleTimeout: "300 seconds", keepAlive: true }),
      (limits) => expect(limits).toMatchObject({ handshakeTimeout: 30_000, idleTimeout: 300_000, keepAlive: true })
    )
  )
})
