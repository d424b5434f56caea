import type * as dns from "node:dns"
import * as net from "node:net"
import * as tls from "node:tls"
import { describe, expect, it } from "@effect/vitest"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import { type Target, Transport } from "effect-websocket/Transport"
import * as NodeTransport from "../src/NodeTransport.js"
import * as certificates from "./support/certificates.js"
import { event, leavesNothing, nodeServer, pattern, read, readAll, turns, until } from "./support/sockets.js"
import { socketPath } from "./support/temporary.js"
import { tlsServer } from "./support/tlsServer.js"

const { ca } = certificates

const to = (port: number, secure = false, host = "127.0.0.1"): Target => ({ host, port, secure })

const connect = (target: Target) => Effect.flatMap(Transport, (transport) => transport.connect(target))

/** A port where nobody listens. */
const closedPort = Effect.scoped(Effect.map(nodeServer(), ({ port }) => port))

describe("what a transport cannot do is refused, never downgraded", () => {
  it.scopedLive.each([
    ["layerTcp", NodeTransport.layerTcp(), true],
    ["layerTls", NodeTransport.layerTls(), false],
    ["layerUnix", NodeTransport.layerUnix("/nowhere"), true]
  ] as const)("%s", ([, layer, secure]) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(connect(to(1, secure)))
      expect(error.reason._tag).toBe("Unsupported")
      expect(error.message).toContain(secure ? "wss:" : "ws:")
    }).pipe(Effect.provide(layer))
  )
})

describe("TCP", () => {
  const tcp = Effect.provide(NodeTransport.layerTcp())

  it.scopedLive("a refused connection is Open, with the address and the error of the system", () =>
    Effect.gen(function* () {
      const port = yield* closedPort
      const error = yield* Effect.flip(connect(to(port)))
      expect(error.reason).toEqual({ _tag: "Open", address: `127.0.0.1:${port}` })
      expect(error.cause).toMatchObject({ code: "ECONNREFUSED" })
    }).pipe(tcp)
  )

  it.scopedLive("a port which is none is Open", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(connect(to(65_536)))
      expect(error.reason).toEqual({ _tag: "Open", address: "127.0.0.1:65536" })
      expect(error.cause).toMatchObject({ code: "ERR_SOCKET_BAD_PORT" })
    }).pipe(tcp)
  )

  it.scopedLive("a name which is not found is Open", () =>
    Effect.gen(function* () {
      const cause = Object.assign(new Error("no such name"), { code: "ENOTFOUND" })
      const lookup: net.LookupFunction = (_name, _options, done) => done(cause, [])
      const error = yield* Effect.provide(
        Effect.flip(connect(to(80, false, "example.invalid"))),
        NodeTransport.layerTcp({ lookup })
      )
      expect(error.reason).toEqual({ _tag: "Open", address: "example.invalid:80" })
      expect(error.cause).toBe(cause)
    })
  )

  it.scopedLive("the next address is tried when the first refuses (Happy Eyeballs of Node.js)", () =>
    Effect.gen(function* () {
      const { port } = yield* nodeServer((socket) => void socket.end("hello"))
      const addresses: ReadonlyArray<dns.LookupAddress> = [
        { address: "::1", family: 6 },
        { address: "127.0.0.1", family: 4 }
      ]
      const lookup: net.LookupFunction = (_name, _options, done) => done(null, [...addresses])
      const layer = NodeTransport.layerTcp({ lookup, autoSelectFamily: true })
      const duplex = yield* Effect.provide(connect(to(port, false, "two.example")), layer)
      expect(Option.getOrThrow(duplex.info.remote)).toEqual({ _tag: "TcpAddress", hostname: "127.0.0.1", port })
    })
  )

  it.scopedLive("localAddress and localPort are used", () =>
    Effect.gen(function* () {
      const { port, sockets } = yield* nodeServer()
      const localPort = yield* closedPort
      const layer = NodeTransport.layerTcp({ localAddress: "127.0.0.2", localPort })
      const duplex = yield* Effect.provide(connect(to(port)), layer)
      yield* until(() => sockets.length === 1)
      expect([sockets[0]!.remoteAddress, sockets[0]!.remotePort]).toEqual(["127.0.0.2", localPort])
      expect(Option.getOrThrow(duplex.info.local)).toMatchObject({ hostname: "127.0.0.2" })
    })
  )

  it.scopedLive("undefined options are as if they were not there", () =>
    Effect.gen(function* () {
      const { port } = yield* nodeServer()
      const layer = NodeTransport.layerTcp({
        lookup: undefined,
        family: undefined,
        noDelay: undefined,
        hints: undefined
      })
      expect((yield* Effect.provide(connect(to(port)), layer)).info.encrypted).toBe(false)
    })
  )

  it.scopedLive("the socket of Node.js is in reach", () =>
    Effect.gen(function* () {
      const { port } = yield* nodeServer()
      const { native } = (yield* connect(to(port))).info
      expect(native).toBeInstanceOf(net.Socket)
      expect((native as net.Socket).allowHalfOpen).toBe(true)
    }).pipe(tcp)
  )

  it.live("the end of the Scope is a hard close which leaves nothing", () =>
    leavesNothing(
      Effect.gen(function* () {
        const { port, sockets } = yield* nodeServer()
        yield* Effect.scoped(connect(to(port)))
        yield* until(() => sockets.length === 1)
        sockets[0]!.resume()
        yield* event(sockets[0]!, "end")
      }).pipe(Effect.scoped)
    ).pipe(tcp)
  )

  it.live("interruption while a name is being resolved leaves nothing", () =>
    leavesNothing(
      Effect.gen(function* () {
        let asked = false
        const lookup: net.LookupFunction = () => {
          asked = true
        }
        const connecting = connect(to(80, false, "slow.example")).pipe(
          Effect.provide(NodeTransport.layerTcp({ lookup })),
          Effect.scoped
        )
        const fiber = yield* Effect.fork(connecting)
        yield* until(() => asked)
        yield* Fiber.interrupt(fiber)
      })
    )
  )

  it.live("interruption at any moment of connecting leaves nothing", () =>
    Effect.forEach(
      [0, 1, 2, 3, 4, 5],
      (delay) =>
        leavesNothing(
          Effect.gen(function* () {
            const { port } = yield* nodeServer()
            const scope = yield* Scope.make()
            const fiber = yield* Effect.fork(Scope.extend(connect(to(port)), scope))
            yield* turns(delay)
            yield* Fiber.interrupt(fiber)
            yield* Scope.close(scope, Exit.void)
          }).pipe(Effect.scoped)
        ),
      { discard: true }
    ).pipe(tcp)
  )
})

describe("Unix sockets", () => {
  it.scopedLive("a path where nobody listens is Open", () =>
    Effect.gen(function* () {
      const path = yield* socketPath
      const error = yield* Effect.provide(Effect.flip(connect(to(80))), NodeTransport.layerUnix(path))
      expect(error.reason).toEqual({ _tag: "Open", address: `unix:${path}` })
      expect(error.cause).toMatchObject({ code: "ENOENT" })
    })
  )
})

describe("TLS", () => {
  it.scopedLive("layer opens TCP for ws: and TLS for wss:", () =>
    Effect.gen(function* () {
      const plain = yield* nodeServer()
      const secure = yield* tlsServer(certificates.server)
      expect((yield* connect(to(plain.port))).info.encrypted).toBe(false)
      expect((yield* connect(to(secure.port, true))).info.encrypted).toBe(true)
    }).pipe(Effect.provide(NodeTransport.layer({ ca })))
  )

  it.scopedLive("a refused connection is Open, not a failure of TLS", () =>
    Effect.gen(function* () {
      const port = yield* closedPort
      const error = yield* Effect.flip(connect(to(port, true)))
      expect(error.reason).toEqual({ _tag: "Open", address: `127.0.0.1:${port}` })
    }).pipe(Effect.provide(NodeTransport.layerTls({ ca })))
  )

  const misbehaviours: ReadonlyArray<readonly [string, (socket: net.Socket) => unknown]> = [
    ["answers in plain text", (socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")],
    ["ends at once", (socket) => socket.end()],
    ["resets", (socket) => socket.once("readable", () => socket.resetAndDestroy())]
  ]

  it.scopedLive.each(misbehaviours)("a server which %s is TlsHandshake with a code", ([, misbehave]) =>
    Effect.gen(function* () {
      const { port } = yield* nodeServer((socket) => void misbehave(socket))
      const error = yield* Effect.flip(connect(to(port, true)))
      expect(error.reason._tag).toBe("TlsHandshake")
      expect(error.reason).toHaveProperty("code", expect.stringMatching(/^(ERR_SSL_|ECONNRESET)/))
      expect(error.cause).toBeInstanceOf(Error)
    }).pipe(Effect.provide(NodeTransport.layerTls({ ca })))
  )

  it.live("interruption while a handshake is being made closes the connection and leaves nothing", () =>
    leavesNothing(
      Effect.gen(function* () {
        const { port, sockets } = yield* nodeServer((socket) => void socket.resume())
        const fiber = yield* Effect.fork(Effect.scoped(connect(to(port, true))))
        yield* until(() => sockets[0] !== undefined && sockets[0].bytesRead > 0)
        yield* Fiber.interrupt(fiber)
        yield* until(() => sockets[0]!.readableEnded || sockets[0]!.destroyed)
      }).pipe(Effect.scoped)
    ).pipe(Effect.provide(NodeTransport.layerTls({ ca })))
  )

  it.scopedLive("an end without close_notify is at least an EndOfStream", () =>
    Effect.gen(function* () {
      const { port, raw } = yield* tlsServer(certificates.server)
      const duplex = yield* connect(to(port, true))
      raw[0]!.end()
      expect((yield* Effect.flip(duplex.pull)).reason._tag).toBe("EndOfStream")
    }).pipe(Effect.provide(NodeTransport.layerTls({ ca })))
  )
})

describe("TLS over another Transport", () => {
  const over = Effect.provide(Layer.provideMerge(NodeTransport.layerTlsOver({ ca }), NodeTransport.layerTcp()))

  it.scopedLive("ws: goes through unchanged, wss: is encrypted", () =>
    Effect.gen(function* () {
      const plain = yield* nodeServer()
      expect((yield* connect(to(plain.port))).info.encrypted).toBe(false)
      const secure = yield* tlsServer(certificates.server)
      const { info } = yield* connect(to(secure.port, true))
      expect(info.encrypted).toBe(true)
      expect(Option.getOrThrow(info.remote)).toMatchObject({ port: secure.port })
      expect(Option.isSome(info.peerCertificate)).toBe(true)
      expect(info.native).toBeInstanceOf(net.Socket)
      expect(info.native).not.toBeInstanceOf(tls.TLSSocket)
    }).pipe(over)
  )

  it.scopedLive("a failure to open stays what it was", () =>
    Effect.gen(function* () {
      expect((yield* Effect.flip(connect(to(yield* closedPort, true)))).reason._tag).toBe("Open")
    }).pipe(over)
  )

  it.live("a handshake which fails closes what is beneath, before the Scope ends", () =>
    leavesNothing(
      Effect.gen(function* () {
        const { port, sockets } = yield* nodeServer((socket) => void socket.resume().write("HTTP/1.1 400\r\n\r\n"))
        const error = yield* Effect.flip(connect(to(port, true)))
        expect(error.reason._tag).toBe("TlsHandshake")
        yield* until(() => sockets[0]!.readableEnded || sockets[0]!.destroyed)
      }).pipe(Effect.scoped)
    ).pipe(over)
  )

  it.live("interruption while a handshake is being made closes what is beneath", () =>
    leavesNothing(
      Effect.gen(function* () {
        const { port, sockets } = yield* nodeServer((socket) => void socket.resume())
        const fiber = yield* Effect.fork(connect(to(port, true)))
        yield* until(() => sockets[0] !== undefined && sockets[0].bytesRead > 0)
        yield* Fiber.interrupt(fiber)
        yield* until(() => sockets[0]!.readableEnded || sockets[0]!.destroyed)
      }).pipe(Effect.scoped)
    ).pipe(over)
  )

  it.scopedLive("abort closes what is beneath", () =>
    Effect.gen(function* () {
      const { port } = yield* tlsServer(certificates.server)
      const duplex = yield* connect(to(port, true))
      yield* duplex.abort
      yield* until(() => (duplex.info.native as net.Socket).destroyed)
    }).pipe(over)
  )

  it.scopedLive.each(["TLSv1.2", "TLSv1.3"] as const)(
    "RFC 8446 §6.1 (%s): an end without close_notify is TlsTruncated, after all octets",
    (version) =>
      Effect.gen(function* () {
        const { port, raw, sockets } = yield* tlsServer({ ...certificates.server, maxVersion: version })
        const duplex = yield* connect(to(port, true))
        yield* until(() => sockets.length === 1)
        sockets[0]!.write("the last words", () => raw[0]!.end())
        const { error, octets } = yield* readAll(duplex)
        expect(octets.toString()).toBe("the last words")
        expect(error.reason._tag).toBe("TlsTruncated")
      }).pipe(over)
  )

  it.scopedLive.each(["TLSv1.2", "TLSv1.3"] as const)(
    "RFC 8446 §6.1 (%s): an end with close_notify is EndOfStream, also when it is read late",
    (version) =>
      Effect.gen(function* () {
        const { port, sockets } = yield* tlsServer({ ...certificates.server, maxVersion: version })
        const duplex = yield* connect(to(port, true))
        yield* until(() => sockets.length === 1)
        sockets[0]!.end(pattern(100_000))
        yield* read(duplex, 1)
        yield* turns(50)
        expect((yield* readAll(duplex)).error.reason._tag).toBe("EndOfStream")
      }).pipe(over)
  )
})

describe("options from the configuration", () => {
  const given = (entries: Record<string, string>) =>
    Layer.setConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(entries))))
  const tls = { ca: Config.string("CA"), servername: Config.string("NAME") }

  it.scopedLive.each([
    ["layerConfig", NodeTransport.layerConfig(tls)],
    ["layerTlsConfig", NodeTransport.layerTlsConfig(tls)]
  ] as const)("%s: the certificate is verified as the ConfigProvider says", ([, layer]) =>
    Effect.gen(function* () {
      const { port } = yield* tlsServer(certificates.server)
      const connecting = (name: string) =>
        Effect.provide(connect(to(port, true)), Layer.provide(layer, given({ CA: ca, NAME: name })))
      yield* connecting("localhost")
      expect(yield* Effect.flip(connecting("other.example"))).toMatchObject({ reason: { _tag: "TlsHandshake" } })
    })
  )

  it.live("what is missing, or no number, is a ConfigError with its path", () =>
    Effect.gen(function* () {
      const failure = <E>(layer: Layer.Layer<Transport, E>) =>
        Effect.flip(Effect.provide(Effect.void, Layer.provide(layer, given({ PORT: "many" }))))
      expect(yield* failure(NodeTransport.layerTlsConfig(tls))).toMatchObject({
        left: { _op: "MissingData", path: ["CA"] }
      })
      const tcp = NodeTransport.layerTcpConfig({ localPort: Config.integer("PORT") })
      expect(yield* failure(tcp)).toMatchObject({ _op: "InvalidData", path: ["PORT"] })
      const unix = NodeTransport.layerUnixConfig(Config.string("SOCKET"))
      expect(yield* failure(unix)).toMatchObject({ _op: "MissingData", path: ["SOCKET"] })
    })
  )
})
