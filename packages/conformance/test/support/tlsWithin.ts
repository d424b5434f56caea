/** TLS within any connection, on the side of a server: for tests, with a `tls.Server` of its own for each. */
import * as tls from "node:tls"
import * as NodeDuplex from "@effect-websocket/node/NodeDuplex"
import * as NodeStream from "@effect-websocket/node/NodeStream"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Duplex } from "effect-websocket/Transport"

/** The Duplex of the application, when the handshake is made. */
export const tlsWithin =
  (options: tls.TlsOptions) =>
  (lower: Duplex): Effect.Effect<Duplex, never, Scope.Scope> =>
    Effect.gen(function* () {
      const stream = (yield* NodeStream.make(lower)).on("error", () => {})
      const native = yield* Effect.async<tls.TLSSocket>((resume) => {
        const server = tls.createServer(options, (socket) => resume(Effect.succeed(socket)))
        server.on("tlsClientError", (error) => resume(Effect.die(error)))
        server.emit("connection", stream)
      })
      native.allowHalfOpen = true
      const { local, remote } = lower.info
      return yield* NodeDuplex.fromDuplex(native, { info: { local, remote } })
    })
