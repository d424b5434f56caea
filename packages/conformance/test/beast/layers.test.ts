import * as net from "node:net"
import * as tls from "node:tls"
import { describe, expect, it } from "@effect/vitest"
import * as NodeListener from "@effect-websocket/node/NodeListener"
import * as NodeTransport from "@effect-websocket/node/NodeTransport"
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Chunk from "effect/Chunk"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as DuplexAdapter from "effect-websocket/DuplexAdapter"
import * as FrameStream from "effect-websocket/FrameStream"
import * as Handshake from "effect-websocket/Handshake"
import * as Listener from "effect-websocket/Listener"
import * as RateLimit from "effect-websocket/RateLimit"
import { type Duplex, Transport } from "effect-websocket/Transport"
import * as WebSocket from "effect-websocket/WebSocket"
import { TransportError } from "effect-websocket/WebSocketError"
import * as WebSocketServer from "effect-websocket/WebSocketServer"
import { ca, server } from "../support/certificates.js"
import { turns } from "../support/fibers.js"
import { leavesNothing } from "../support/leaks.js"
import { frame } from "../support/wire.js"

const echo = (ws: WebSocket.WebSocket) => ws.run((message) => ws.send(message))

/** The connection of a server on this Duplex: `stream<NextLayer> ws{...}; ws.accept()`. */
const accepted = (duplex: Duplex) =>
  Effect.gen(function* () {
    const { negotiated } = yield* (yield* Handshake.Handshake).server(duplex)
    return yield* (yield* FrameStream.FrameStream).open(duplex, negotiated)
  })

/** A server of Node.js that hands its sockets over as they come; its port. */
const listening = <S extends net.Socket>(
  server: net.Server,
  event: "connection" | "secureConnection"
): Effect.Effect<{ readonly port: number; readonly sockets: Queue.Queue<S> }, never, Scope.Scope> =>
  Effect.gen(function* () {
    const sockets = yield* Queue.unbounded<S>()
    const all: Array<net.Socket> = []
    server.on("connection", (socket: net.Socket) => all.push(socket.on("error", () => {})))
    server.on(event, (socket: S) => sockets.unsafeOffer(socket.on("error", () => {})))
    const listen = Effect.async<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void)))
    yield* Effect.acquireRelease(listen, () =>
      Effect.async<void>((resume) => {
        for (const socket of all) socket.destroy()
        server.close(() => resume(Effect.void))
      })
    )
    return { port: (server.address() as net.AddressInfo).port, sockets }
  })

const info = {
  local: Option.none(),
  remote: Option.none(),
  encrypted: false,
  alpn: Option.none(),
  peerCertificate: Option.none(),
  native: undefined
}

const unchanged = DuplexAdapter.mapTransport((lower) => Effect.succeed(DuplexAdapter.over(lower, {})))

const tlsOverTcp = Layer.provide(NodeTransport.layerTlsOver({ ca }), NodeTransport.layerTcp())

/** TLS, a layer of one's own, a limit, and another one of one's own, over TCP. */
const manyLayers = Layer.provide(
  NodeTransport.layerTlsOver({ ca }),
  Layer.provide(
    unchanged,
    Layer.provide(
      RateLimit.layerTransport({ readBytesPerSecond: 1e9 }),
      Layer.provide(unchanged, NodeTransport.layerTcp())
    )
  )
)

/** What Node.js remembers of the option, of the socket beneath TLS: neither has a public name. */
const noDelayOf = (native: unknown): unknown => {
  const socket = (native as { readonly _parent?: unknown })._parent ?? native
  const name = Object.getOwnPropertySymbols(socket).find(({ description }) => description === "kSetNoDelay")
  return Reflect.get(socket as object, name!)
}

type Octets = Queue.Queue<Uint8Array | "end">

/** An end of a connection that is made of nothing but two queues. */
const overQueues = (from: Octets, to: Octets) => {
  const pull: Duplex["pull"] = Effect.flatMap(Queue.takeBetween(from, 1, 100), (items) => {
    const chunks = Chunk.toReadonlyArray(items).filter((item) => item !== "end")
    if (chunks.length > 0) return Effect.succeed(chunks as unknown as NonEmptyReadonlyArray<Uint8Array>)
    return Effect.fail(new TransportError({ reason: { _tag: "EndOfStream" } }))
  })
  const end = Effect.asVoid(Queue.offer(to, "end" as const))
  return DuplexAdapter.fromPull({ pull, write: (chunk) => Queue.offer(to, chunk.slice()), end, abort: end, info })
}

describe("Beast's layers (PARITY §1)", () => {
  leavesNothing()

  it.scopedLive("PARITY L-01: a WebSocket over an effect that reads and one that writes, and nothing else", () =>
    Effect.gen(function* () {
      const [there, back] = [yield* Queue.unbounded<Uint8Array | "end">(), yield* Queue.unbounded<Uint8Array | "end">()]
      const serving = Effect.scoped(Effect.flatMap(Effect.flatMap(overQueues(there, back), accepted), echo))
      yield* Effect.fork(serving)
      const connect = () => overQueues(back, there)
      const ws = yield* WebSocket.connect("ws://nowhere/").pipe(Effect.provideService(Transport, { connect }))
      yield* ws.sendAll(["Hello", new Uint8Array(100_000)])
      expect([yield* ws.receive, yield* ws.receive]).toEqual(["Hello", new Uint8Array(100_000)])
      expect(yield* ws.close()).toMatchObject({ clean: true })
    }).pipe(Effect.provide(WebSocket.layer))
  )

  it.scopedLive(
    "PARITY L-03, L-31: over a socket that a server of Node.js has accepted: lent to the handshake, ended by the WebSocket",
    () =>
      Effect.gen(function* () {
        const { port, sockets } = yield* listening<net.Socket>(net.createServer({ allowHalfOpen: true }), "connection")
        const uri = `ws://127.0.0.1:${port}/`
        const refused = yield* Effect.fork(Effect.flip(Effect.scoped(WebSocket.connect(uri))))
        const first = yield* Queue.take(sockets)
        const { server } = yield* Handshake.Handshake
        // The Scope of the Duplex is longer than what is done with it.
        const lent = yield* NodeTransport.fromDuplex(first)
        const policy = { authorize: () => Effect.fail(Handshake.reject({ status: 403 })), keepAlive: "allow" } as const
        yield* Effect.flip(server(lent, policy))
        yield* Fiber.join(refused)
        expect([first.destroyed, first.writable]).toEqual([false, true])

        const running = yield* Effect.fork(Effect.scoped(Effect.flatMap(WebSocket.connect(uri), echo)))
        const second = yield* Queue.take(sockets)
        const duplex = yield* NodeTransport.fromDuplex(second)
        yield* Effect.scoped(
          Effect.gen(function* () {
            const ws = yield* accepted(duplex)
            yield* ws.send("Hello")
            expect(yield* ws.receive).toBe("Hello")
          })
        )
        yield* Fiber.join(running)
        expect([second.destroyed, second.errored]).toEqual([true, null])
      }).pipe(Effect.provide([WebSocket.layer, NodeTransport.layerTcp()]))
  )

  it.scopedLive("PARITY L-04, L-05: the socket is in reach through any number of layers", () =>
    Effect.gen(function* () {
      const accepting = yield* Deferred.make<net.Socket>()
      const handler = (ws: WebSocket.WebSocket) =>
        Effect.zipRight(Deferred.succeed(accepting, ws.info.native as net.Socket), echo(ws))
      yield* Effect.forkScoped(WebSocketServer.run(handler))
      const ws = yield* WebSocket.connect(yield* Listener.uri("/"))
      const [near, far] = [ws.info.native as net.Socket, yield* Deferred.await(accepting)]
      expect([near, far].map((socket) => socket instanceof net.Socket)).toEqual([true, true])
      expect(near).not.toBeInstanceOf(tls.TLSSocket)
      expect([near.remotePort, near.localPort]).toEqual([far.localPort, far.remotePort])
      expect(ws.info.encrypted).toBe(true)
      near.setKeepAlive(true).setNoDelay(false)
      yield* ws.send("as before")
      expect(yield* ws.receive).toBe("as before")
    }).pipe(Effect.provide([WebSocket.layer, Layer.merge(manyLayers, NodeListener.layerTls(server))]))
  )

  for (const [when, close, expected] of [
    ["before a Close frame is the failure", false, { _tag: "TransportError", reason: { _tag: "TlsTruncated" } }],
    ["behind both Close frames is no news", true, { _tag: "Closed", closure: { clean: true } }]
  ] as const) {
    it.scopedLive(`PARITY L-19: an end without close_notify ${when}`, () =>
      Effect.gen(function* () {
        const beneath: Array<net.Socket> = []
        const native = tls.createServer({ ...server, allowHalfOpen: true } as tls.TlsOptions)
        native.on("connection", (socket) => void beneath.push(socket))
        const { port, sockets } = yield* listening<tls.TLSSocket>(native, "secureConnection")
        const connecting = yield* Effect.fork(WebSocket.connect(`wss://127.0.0.1:${port}/`))
        const duplex = yield* NodeTransport.fromDuplex(yield* Queue.take(sockets))
        yield* (yield* Handshake.Handshake).server(duplex)
        const ws = yield* Fiber.join(connecting)
        duplex.unsafeWrite([frame(0x81, Buffer.from("Hello"), "server")])
        if (close) duplex.unsafeWrite([frame(0x88, Buffer.of(3, 0xe8), "server")])
        yield* duplex.drain
        beneath[0]!.end()
        expect(yield* ws.receive).toBe("Hello")
        expect(yield* Effect.flip(ws.receive)).toMatchObject(expected)
        yield* turns(10)
        expect((yield* ws.closed).clean).toBe(close)
      }).pipe(Effect.provide([WebSocket.layer, tlsOverTcp]))
    )
  }

  for (const [name, noDelay, expected] of [
    ["is on", undefined, true],
    ["may be turned off", false, false]
  ] as const) {
    it.scopedLive(`PARITY L-28: TCP_NODELAY ${name}, for TLS as well`, () =>
      Effect.gen(function* () {
        for (const [transport, listener] of [
          [NodeTransport.layerTcp({ noDelay }), NodeListener.layerTcp({ noDelay })],
          [NodeTransport.layerTls({ ca, noDelay }), NodeListener.layerTls({ ...server, noDelay })]
        ] as const) {
          const isOn = Effect.gen(function* () {
            const accepting = yield* Deferred.make<unknown>()
            const { accept, address, secure } = yield* Listener.Listener
            yield* Effect.forkScoped(accept(({ info }) => Deferred.succeed(accepting, info.native)))
            const port = address._tag === "TcpAddress" ? address.port : 0
            const { info } = yield* (yield* Transport).connect({ host: "127.0.0.1", port, secure })
            return [noDelayOf(info.native), noDelayOf(yield* Deferred.await(accepting))]
          })
          const found = yield* Effect.scoped(isOn).pipe(Effect.provide([transport, listener]))
          expect(found).toEqual([expected, expected])
        }
      })
    )
  }
})
