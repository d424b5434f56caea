import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type { ConnectionInfo } from "effect-websocket/Transport"
import { AnswerDuplex } from "../src/AnswerDuplex.js"
import { turns } from "./support/serving.js"

const info: ConnectionInfo = {
  local: Option.none(),
  remote: Option.none(),
  encrypted: true,
  alpn: Option.none(),
  peerCertificate: Option.none(),
  native: undefined
}

describe("AnswerDuplex", () => {
  it.effect("keeps what is written, and waits for nothing", () =>
    Effect.gen(function* () {
      const duplex = new AnswerDuplex(info)
      duplex.unsafeWrite([Uint8Array.of(1), Uint8Array.of(2)])
      duplex.unsafeWrite([Uint8Array.of(3)])
      expect(duplex.answer.map((chunk) => chunk[0])).toEqual([1, 2, 3])
      expect(duplex.unsafeBuffered()).toBe(0)
      yield* Effect.all([duplex.drain, duplex.end, duplex.abort, duplex.teardown()])
      expect(duplex.info.encrypted).toBe(true)
    })
  )

  it.effect("has nothing to read", () =>
    Effect.gen(function* () {
      const duplex = new AnswerDuplex(info)
      const flow = duplex.unsafeReceive()
      flow.resume()
      flow.pause()
      const pulling = yield* Effect.fork(duplex.pull)
      yield* turns()
      expect(Option.isNone(yield* Fiber.poll(pulling))).toBe(true)
    })
  )
})
