import * as http from "node:http"
import type * as net from "node:net"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as UpgradeEvent from "../src/UpgradeEvent.js"
import { clientsOf, frame, handshake, serve } from "./support/http.js"
import { leavesNothing } from "./support/leavesNothing.js"

leavesNothing()

describe("UpgradeEvent", () => {
  it.scopedLive("keeps socket and octets of an upgrade until it is taken, also for a changed request", () =>
    Effect.gen(function* () {
      const seen: Array<unknown> = []
      const app = Effect.gen(function* () {
        const request = yield* HttpServerRequest.HttpServerRequest
        const event = UpgradeEvent.of(request)
        expect(UpgradeEvent.of(request.modify({ url: "/other" }))).toBe(event)
        if (event === undefined) return HttpServerResponse.text("ordinary")
        UpgradeEvent.take(request, event)
        seen.push(Buffer.from(event.octets).toString("latin1"), UpgradeEvent.of(request))
        event.socket.end("ours alone")
        return HttpServerResponse.text("never seen")
      })
      const clients = yield* serve(app)
      expect((yield* clients.get("/")).statusCode).toBe(200)
      const raw = yield* clients.open
      raw.socket.write(Buffer.concat([Buffer.from(handshake()), frame("x")]))
      expect(yield* raw.until("never")).toBe("ours alone")
      expect(seen).toEqual([Buffer.from(frame("x")).toString("latin1"), undefined])
    })
  )

  it.scopedLive("hears errors of a socket that nobody has taken", () =>
    Effect.gen(function* () {
      const server = UpgradeEvent.watch(http.createServer())
      const arrived = Effect.async<net.Socket>((resume) => {
        server.on("upgrade", (_, socket) => resume(Effect.succeed(socket as net.Socket)))
      })
      yield* Effect.acquireRelease(
        Effect.async<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
        () => Effect.sync(() => server.close())
      )
      const raw = yield* clientsOf((server.address() as net.AddressInfo).port).open
      raw.socket.write(handshake())
      const socket = yield* arrived
      expect(Exit.isSuccess(yield* Effect.exit(Effect.sync(() => socket.emit("error", new Error("reset")))))).toBe(true)
      socket.destroy()
    })
  )
})
