/**
 * A program of its own, since it may end with an uncaught error: a client resets its connection while a route decides about
 * an upgrade. The argument says whose server it is.
 */
import * as http from "node:http"
import * as net from "node:net"
import * as HttpServer from "@effect/platform/HttpServer"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as WebSocket from "effect-websocket/WebSocket"
import * as PlatformHttpServer from "../../src/PlatformHttpServer.js"
import { handshake } from "./http.js"

const listen = { port: 0, host: "127.0.0.1" }

const server =
  process.argv[2] === "ours"
    ? Layer.provide(PlatformHttpServer.layerServer(http.createServer, listen), WebSocket.layer)
    : NodeHttpServer.layerServer(http.createServer, listen)

const program = Effect.gen(function* () {
  const begun = yield* Deferred.make<void>()
  const ended = yield* Deferred.make<void>()
  const deciding = Effect.zipRight(Deferred.succeed(begun, undefined), Effect.interruptible(Effect.never)).pipe(
    Effect.onExit(() => Deferred.succeed(ended, undefined)),
    Effect.as(HttpServerResponse.empty())
  )
  yield* HttpServer.serveEffect(deciding)
  const { address } = yield* HttpServer.HttpServer
  if (address._tag !== "TcpAddress") return
  const socket = net.connect(address.port, "127.0.0.1").on("error", () => {})
  socket.write(handshake())
  yield* Deferred.await(begun)
  socket.resetAndDestroy()
  yield* Deferred.await(ended)
})

await Effect.runPromise(
  program.pipe(Effect.scoped, Effect.provide(server), Effect.provide(Logger.remove(Logger.defaultLogger)))
)
console.log("the server lives")
