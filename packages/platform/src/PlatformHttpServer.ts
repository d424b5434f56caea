/**
 * The HTTP server of @effect/platform-node with WebSockets of this library, in the place of `NodeHttpServer`.
 *
 * Everything else is as before. Routes upgrade with `WebSocketUpgrade`; who asks a request for its Socket (`request.upgrade`:
 * @effect/rpc, DevTools) gets one of this library. Requests to upgrade can be interrupted, so the server always ends.
 *
 * @example
 * ```ts
 * import { createServer } from "node:http"
 * import { HttpRouter, HttpServer, HttpServerResponse } from "@effect/platform"
 * import { PlatformHttpServer } from "@effect-websocket/platform"
 * import { Layer } from "effect"
 *
 * const app = HttpRouter.empty.pipe(HttpRouter.get("/", HttpServerResponse.text("hello")), HttpServer.serve())
 * const live = Layer.provide(app, PlatformHttpServer.layer(createServer, { port: 3000 }))
 * ```
 *
 * @example
 * ```ts
 * import { createServer } from "node:http"
 * import { PlatformHttpServer } from "@effect-websocket/platform"
 * import { Config, Effect, Layer } from "effect"
 * import { WebSocket } from "effect-websocket"
 *
 * // As `NodeHttpServer` has them: the server alone, from the configuration, on a free port for tests, or as a value.
 * const alone = PlatformHttpServer.layerServer(createServer, { port: 3000 })
 * const configured = PlatformHttpServer.layerConfig(createServer, Config.all({ port: Config.port("PORT") }))
 * const forTests = Layer.provide(PlatformHttpServer.layerTest, WebSocket.layer)
 * const made = Effect.provide(PlatformHttpServer.make(createServer, { port: 0 }), WebSocket.layer)
 * ```
 */
import * as http from "node:http"
import type { ListenOptions } from "node:net"
import type * as Etag from "@effect/platform/Etag"
import type * as HttpApp from "@effect/platform/HttpApp"
import type { HttpClient } from "@effect/platform/HttpClient"
import type * as HttpMiddleware from "@effect/platform/HttpMiddleware"
import type { HttpPlatform } from "@effect/platform/HttpPlatform"
import * as HttpServer from "@effect/platform/HttpServer"
import type { ServeError } from "@effect/platform/HttpServerError"
import { HttpServerRequest } from "@effect/platform/HttpServerRequest"
import type * as NodeContext from "@effect/platform-node/NodeContext"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as Config from "effect/Config"
import type { ConfigError } from "effect/ConfigError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as ExecutionStrategy from "effect/ExecutionStrategy"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import type { FrameStream } from "effect-websocket/FrameStream"
import type { Handshake } from "effect-websocket/Handshake"
import { fromWebSocket, type SocketOptions } from "./PlatformSocket.js"
import * as UpgradableRequest from "./UpgradableRequest.js"
import * as UpgradeEvent from "./UpgradeEvent.js"
import { type UpgradeOptions, upgrade } from "./WebSocketUpgrade.js"

/** What `request.upgrade` accepts; routes that upgrade with `WebSocketUpgrade` say it there. */
export interface RequestUpgradeOptions extends Omit<UpgradeOptions<unknown>, "authorize">, SocketOptions {}

type Services = Handshake | FrameStream

/** An application for a request to upgrade: interruptible, and with a Scope that ends as the application itself does. */
const upgrading = <E, R>(
  app: HttpApp.Default<E, R>,
  request: HttpServerRequest,
  options: RequestUpgradeOptions,
  context: Context.Context<Services>
): HttpApp.Default<E, R> =>
  Effect.flatMap(Effect.scope, (outer) =>
    Effect.flatMap(Scope.fork(outer, ExecutionStrategy.sequential), (inner) => {
      const socket = Effect.flatMap(upgrade(options), (ws) => fromWebSocket(ws, options)).pipe(
        Effect.provideService(HttpServerRequest, request),
        Effect.provide(Context.add(context, Scope.Scope, inner))
      )
      return Effect.interruptible(app).pipe(
        Effect.provideService(HttpServerRequest, UpgradableRequest.make(request, socket)),
        Scope.extend(inner),
        // Otherwise the response is still to come, and may need what the Scope has.
        Effect.onExit((exit) => (UpgradeEvent.of(request) === undefined ? Scope.close(inner, exit) : Effect.void))
      )
    })
  ) as HttpApp.Default<E, R>

const withUpgrades = <E, R>(
  app: HttpApp.Default<E, R>,
  options: RequestUpgradeOptions,
  context: Context.Context<Services>
): HttpApp.Default<E, R> =>
  Effect.flatMap(HttpServerRequest, (request) =>
    UpgradeEvent.of(request) === undefined ? app : upgrading(app, request, options, context)
  )

/** As `NodeHttpServer.make`. */
export const make = (
  evaluate: () => http.Server,
  listen: ListenOptions,
  options: RequestUpgradeOptions = {}
): Effect.Effect<HttpServer.HttpServer, ServeError, Services | Scope.Scope> =>
  Effect.gen(function* () {
    const context = yield* Effect.context<Services>()
    const { address, serve } = yield* NodeHttpServer.make(() => UpgradeEvent.watch(evaluate()), listen)
    return HttpServer.make({
      address,
      serve: (app: HttpApp.Default<unknown>, middleware?: HttpMiddleware.HttpMiddleware) =>
        serve(withUpgrades(app, options, context), middleware as HttpMiddleware.HttpMiddleware)
    })
  })

/** Provides `make`. */
export const layerServer = (
  evaluate: () => http.Server,
  listen: ListenOptions,
  options?: RequestUpgradeOptions
): Layer.Layer<HttpServer.HttpServer, ServeError, Services> =>
  Layer.scoped(HttpServer.HttpServer, make(evaluate, listen, options))

/** What the layers provide besides the server. */
export type Platform = HttpPlatform | Etag.Generator | NodeContext.NodeContext

/** As `NodeHttpServer.layer`: the server, and what its responses may need. */
export const layer = (
  evaluate: () => http.Server,
  listen: ListenOptions,
  options?: RequestUpgradeOptions
): Layer.Layer<HttpServer.HttpServer | Platform, ServeError, Services> =>
  Layer.merge(layerServer(evaluate, listen, options), NodeHttpServer.layerContext)

/** As `NodeHttpServer.layerConfig`. */
export const layerConfig = (
  evaluate: () => http.Server,
  listen: Config.Config.Wrap<ListenOptions>,
  options?: RequestUpgradeOptions
): Layer.Layer<HttpServer.HttpServer | Platform, ServeError | ConfigError, Services> =>
  Layer.merge(
    Layer.scoped(
      HttpServer.HttpServer,
      Effect.flatMap(Config.unwrap(listen), (unwrapped) => make(evaluate, unwrapped, options))
    ),
    NodeHttpServer.layerContext
  )

/** As `NodeHttpServer.layerTest`: on a free port, with a client that knows it. */
export const layerTest: Layer.Layer<HttpClient | HttpServer.HttpServer | Platform, ServeError, Services> =
  HttpServer.layerTestClient.pipe(
    Layer.provide(NodeHttpClient.layerWithoutAgent),
    Layer.provide(NodeHttpClient.makeAgentLayer({ keepAlive: false })),
    Layer.provideMerge(layer(http.createServer, { port: 0 }))
  )
