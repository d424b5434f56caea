import * as http from "node:http"
import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServer from "@effect/platform/HttpServer"
import * as Socket from "@effect/platform/Socket"
import * as RpcClient from "@effect/rpc/RpcClient"
import * as RpcSerialization from "@effect/rpc/RpcSerialization"
import * as RpcServer from "@effect/rpc/RpcServer"
import { describe, expect, it } from "@effect/vitest"
import * as NodeListener from "@effect-websocket/node/NodeListener"
import * as NodeTransport from "@effect-websocket/node/NodeTransport"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Handshake from "effect-websocket/Handshake"
import * as Listener from "effect-websocket/Listener"
import * as MemoryTransport from "effect-websocket/MemoryTransport"
import * as WebSocket from "effect-websocket/WebSocket"
import * as PlatformHttpServer from "../src/PlatformHttpServer.js"
import * as PlatformSocket from "../src/PlatformSocket.js"
import * as PlatformSocketServer from "../src/PlatformSocketServer.js"
import * as RpcWebSocket from "../src/RpcWebSocket.js"
import { client, Seen, says, server } from "./support/calls.js"
import * as certificates from "./support/certificates.js"
import { portOf } from "./support/http.js"
import { leavesNothing } from "./support/leavesNothing.js"
import { rpcCases } from "./support/rpcCases.js"
import { turns } from "./support/serving.js"

leavesNothing()

const retrySchedule = Schedule.forever

const memory = MemoryTransport.layer
const tcp = Layer.merge(NodeTransport.layerTcp(), NodeListener.layerTcp())
const tls = Layer.merge(NodeTransport.layerTls({ ca: certificates.ca }), NodeListener.layerTls(certificates.server))

/** The client's protocol, when the address of the server is known. */
const toListener = Layer.unwrapEffect(
  Effect.map(Listener.uri("/rpc"), (uri) => RpcWebSocket.layerClient(uri, { retrySchedule }))
)

const own = (transport: typeof tcp | typeof memory) =>
  toListener.pipe(
    Layer.provideMerge(Layer.provide(server, RpcWebSocket.layerServer())),
    Layer.provide(Layer.merge(WebSocket.layer, transport))
  )

/** The protocols of @effect/rpc itself, over the services that this package provides. */
const sockets = Layer.unwrapEffect(
  Effect.map(Listener.uri("/rpc"), (uri) =>
    Layer.provide(RpcClient.layerProtocolSocket({ retrySchedule }), PlatformSocket.layerSocket(uri))
  )
).pipe(
  Layer.provideMerge(
    Layer.provide(server, Layer.provide(RpcServer.layerProtocolSocketServer, PlatformSocketServer.layerSocketServer()))
  ),
  Layer.provide(Layer.merge(WebSocket.layer, memory))
)

const httpUri = Effect.map(HttpServer.HttpServer, ({ address }) => `ws://127.0.0.1:${portOf(address)}/rpc`)

/** An HTTP application of @effect/platform, whose RPC knows nothing of this package. */
const platform = Layer.unwrapEffect(
  Effect.map(httpUri, (uri) =>
    Layer.provide(
      RpcClient.layerProtocolSocket({ retrySchedule }),
      Layer.provide(Socket.layerWebSocket(uri), PlatformSocket.layerWebSocketConstructor())
    )
  )
).pipe(
  Layer.provideMerge(
    HttpRouter.Default.serve().pipe(
      Layer.provide(server),
      Layer.provide(RpcServer.layerProtocolWebsocket({ path: "/rpc" }))
    )
  ),
  Layer.provide(PlatformHttpServer.layerServer(http.createServer, { port: 0, host: "127.0.0.1" })),
  Layer.provide(Layer.merge(WebSocket.layer, NodeTransport.layerTcp()))
)

const protocols = {
  "in memory": own(memory),
  "over TCP": own(tcp),
  "over TLS": own(tls),
  "of RPC itself over our Socket and SocketServer": sockets,
  "of RPC itself over our HTTP server and our WebSocketConstructor": platform
}

const serializations = {
  JSON: RpcSerialization.layerJson,
  MessagePack: RpcSerialization.layerMsgPack,
  "lines of JSON": RpcSerialization.layerNdjson
}

const runAll = (
  name: string,
  protocol: Layer.Layer<RpcClient.Protocol, unknown, RpcSerialization.RpcSerialization | Seen>,
  serialization: Layer.Layer<RpcSerialization.RpcSerialization>
) => {
  const layers = Layer.provideMerge(protocol, Layer.merge(serialization, Seen.layer))
  describe(`RPC ${name}`, () => {
    for (const { name, run } of rpcCases) {
      it.live(name, () => run.pipe(Effect.scoped, Effect.provide(Layer.fresh(layers))))
    }
  })
}

for (const [name, protocol] of Object.entries(protocols)) runAll(`${name}, JSON`, protocol, RpcSerialization.layerJson)
for (const [name, serialization] of Object.entries(serializations).slice(1))
  runAll(`in memory, ${name}`, own(memory), serialization)

describe("over our Listener", () => {
  const json = RpcSerialization.layerJson
  const services = Layer.mergeAll(WebSocket.layer, memory, json, Seen.layer)
  const serving = (options?: PlatformSocketServer.ServeOptions) =>
    Layer.provideMerge(Layer.provide(server, RpcWebSocket.layerServer(options)), services)
  const uri = "ws://any.host/rpc"
  const calling = <A, E, R>(use: Effect.Effect<A, E, R>, options?: RpcWebSocket.ClientOptions) =>
    Effect.provide(use, RpcWebSocket.layerClient(uri, { retrySchedule, ...options }))

  it.scopedLive("the fields of the handshake are headers of each call, as middleware looks for them", () =>
    Effect.gen(function* () {
      const whoAmI = Effect.flatMap(client, ({ WhoAmI }) => WhoAmI())
      const asGrace = calling(whoAmI, { fields: { Authorization: "Grace" } })
      expect(yield* Effect.provide(asGrace, says())).toBe("Grace")
      expect(yield* Effect.flip(Effect.provide(calling(whoAmI), says()))).toBe("who?")
    }).pipe(Effect.provide(serving()))
  )

  it.scopedLive("a policy of the handshake refuses a client, whose calls fail with the whole response", () =>
    Effect.gen(function* () {
      const call = Effect.flatMap(client, ({ Double }) => Double({ value: 1 }))
      const error = yield* Effect.flip(Effect.provide(calling(call), says()))
      const response = { _tag: "Some", value: { head: { status: 401 } } }
      expect(error).toMatchObject({ cause: { reason: "Open", cause: { _tag: "HandshakeError", response } } })
    }).pipe(Effect.provide(serving({ authorize: () => Effect.fail(Handshake.reject({ status: 401 })) })))
  )

  it.scopedLive("options out of range are found when the layer is built", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Layer.build(serving({ limits: { maxFrameSize: 0 } })))
      expect(error).toMatchObject({ _tag: "OptionError", option: "limits.maxFrameSize" })
    })
  )

  it.scopedLive("a client that is gone has its calls interrupted", () =>
    Effect.gen(function* () {
      const { events } = yield* Seen
      const scope = yield* Scope.make()
      const context = yield* Scope.extend(Layer.build(RpcWebSocket.layerClient(uri, { retrySchedule })), scope)
      const { Hang } = yield* Effect.provide(client, Layer.merge(Layer.succeedContext(context), says()))
      yield* Effect.forkScoped(Hang())
      expect(yield* Queue.take(events)).toBe("Hang begun")
      yield* Scope.close(scope, Exit.void)
      expect(yield* Queue.take(events)).toBe("Hang interrupted")
    }).pipe(Effect.provide(serving()))
  )

  it.scopedLive("a stream that nobody reads does not keep a client from connecting again", () =>
    Effect.gen(function* () {
      const { Double, Drop, Endless } = yield* client
      const pull = yield* Stream.toPull(Endless())
      yield* pull
      yield* turns(20)
      yield* Effect.flip(Drop())
      const again = Effect.tapError(Double({ value: 3 }), () => turns(1))
      expect(yield* Effect.retry(again, { times: 1000 })).toBe(6)
    }).pipe((use) => calling(use), Effect.provide(says("Ada")), Effect.provide(serving()))
  )

  it.scopedLive("the end of the server interrupts the calls, as RPC has it, and then closes", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { events } = yield* Seen
      yield* Scope.extend(Layer.build(Layer.provide(server, RpcWebSocket.layerServer())), scope)
      const { Hang } = yield* client
      const call = yield* Effect.forkDaemon(Hang())
      expect(yield* Queue.take(events)).toBe("Hang begun")
      yield* Scope.close(scope, Exit.void)
      const exit = yield* Fiber.await(call)
      expect(Exit.isFailure(exit) && Cause.isInterrupted(exit.cause)).toBe(true)
    }).pipe((use) => calling(use), Effect.provide(says("Ada")), Effect.provide(services))
  )
})
