import * as Headers from "@effect/platform/Headers"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as Respondable from "@effect/platform/HttpServerRespondable"
import * as Socket from "@effect/platform/Socket"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { OptionError } from "effect-websocket/WebSocketError"
import * as UpgradableRequest from "../src/UpgradableRequest.js"

const request = HttpServerRequest.fromWeb(new Request("http://localhost/a?b=1", { headers: { cookie: "c=1" } }))

const socket = Socket.Socket.of({
  [Socket.TypeId]: Socket.TypeId,
  run: () => Effect.never,
  runRaw: () => Effect.never,
  writer: Effect.succeed(() => Effect.void)
})

describe("UpgradableRequest", () => {
  it.effect("has the given Socket, and all else of the request", () =>
    Effect.gen(function* () {
      const upgradable = UpgradableRequest.make(request, Effect.succeed(socket))
      expect(yield* upgradable.upgrade).toBe(socket)
      expect([upgradable.method, upgradable.url, upgradable.cookies]).toEqual(["GET", "/a?b=1", { c: "1" }])
      expect(upgradable[HttpServerRequest.TypeId]).toBe(HttpServerRequest.TypeId)
    })
  )

  it.effect("a changed request has it too", () =>
    Effect.gen(function* () {
      const changed = UpgradableRequest.make(request, Effect.succeed(socket)).modify({
        url: "/other",
        headers: Headers.fromInput({ x: "1" })
      })
      expect(yield* changed.upgrade).toBe(socket)
      expect([changed.url, changed.headers.x, changed.originalUrl]).toEqual(["/other", "1", request.originalUrl])
    })
  )

  it.effect("what fails is a RequestError, with the cause; the fault of an option answers 500", () =>
    Effect.gen(function* () {
      const cause = new OptionError({ option: "limits.maxFrameSize", rule: "an integer" })
      const error = yield* Effect.flip(UpgradableRequest.make(request, Effect.fail(cause)).upgrade)
      expect(error).toMatchObject({ _tag: "RequestError", reason: "Decode", description: cause.message, cause })
      expect((yield* Respondable.toResponse(error)).status).toBe(500)
    })
  )
})
