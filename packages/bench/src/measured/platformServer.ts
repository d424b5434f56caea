/** The servers of Effect's own platform: the upgrade of a route, and its Socket server over `ws`. */
import * as http from "node:http"
import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServer from "@effect/platform/HttpServer"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import type * as Socket from "@effect/platform/Socket"
import * as SocketServer from "@effect/platform/SocketServer"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeSocketServer from "@effect/platform-node/NodeSocketServer"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { ready } from "./Control.js"
import { setting } from "./Setting.js"

type Write = Effect.Effect.Success<Socket.Socket["writer"]>

const { mode, style } = setting()
const members = new Set<Write>()

const spread = (message: string | Uint8Array) =>
  Effect.forEach([...members], (write) => write(message), { discard: true })

const handle = (socket: Socket.Socket) =>
  Effect.gen(function* () {
    const write = yield* socket.writer
    yield* Effect.acquireRelease(
      Effect.sync(() => members.add(write)),
      () => Effect.sync(() => members.delete(write))
    )
    yield* socket.runRaw(mode === "broadcast" ? spread : write)
  }).pipe(
    Effect.scoped,
    Effect.catchAll(() => Effect.void)
  )

const portOf = (address: { readonly _tag: string; readonly port?: number }): number => address.port ?? 0

const route = HttpServer.serve(
  HttpRouter.get(
    "/",
    Effect.as(Effect.flatMap(HttpServerRequest.upgrade, handle), HttpServerResponse.empty())
  )(HttpRouter.empty)
).pipe(
  Layer.merge(Layer.effectDiscard(Effect.map(HttpServer.HttpServer, ({ address }) => ready(portOf(address))))),
  Layer.provide(NodeHttpServer.layer(() => http.createServer(), { port: 0, host: "127.0.0.1" }))
)

const socketServer = Layer.effectDiscard(
  Effect.gen(function* () {
    const server = yield* SocketServer.SocketServer
    ready(portOf(server.address))
    yield* server.run(handle)
  })
).pipe(Layer.provide(NodeSocketServer.layerWebSocket({ port: 0, host: "127.0.0.1" })))

if (style === "route") Effect.runFork(Layer.launch(route))
else Effect.runFork(Layer.launch(socketServer))
