import * as net from "node:net"
import * as tls from "node:tls"
import { describe, expect, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import * as Limits from "effect-websocket/Limits"
import type { Address, Duplex } from "effect-websocket/Transport"
import * as NodeListener from "../src/NodeListener.js"
import type { TlsOptions } from "../src/NodeTlsServer.js"
import * as NodeTransport from "../src/NodeTransport.js"
import * as certificates from "./support/certificates.js"
import { event, leavesNothing, read, readAll, turns, until } from "./support/sockets.js"

const { ca } = certificates

const portOf = (address: Address): number => (address._tag === "TcpAddress" ? address.port : 0)

/** A listener which keeps what it accepts, and the debug log. */
const listening = (options: Partial<TlsOptions> = {}, limits: Limits.LimitOptions = {}, backlog = 511) =>
  Effect.gen(function* () {
    const logged: Array<string> = []
    const logger = Logger.make(({ cause, message }) => void logged.push(`${message} ${Cause.pretty(cause)}`))
    const debug = Layer.mergeAll(
      Logger.replace(Logger.defaultLogger, logger),
      Logger.minimumLogLevel(LogLevel.Debug),
      Limits.layer(limits)
    )
    const listener = yield* Effect.provide(NodeListener.makeTls({ ...certificates.server, backlog, ...options }), debug)
    const duplexes: Array<Duplex> = []
    yield* Effect.forkScoped(
      listener.accept((duplex) =>
        Effect.zipRight(
          Effect.sync(() => duplexes.push(duplex)),
          Effect.never
        )
      )
    )
    return { duplexes, logged, port: portOf(listener.address), listener }
  })

const connect = (port: number, options: NodeTransport.TlsOptions = {}) =>
  NodeTransport.makeTls({ ca, ...options }).connect({ host: "localhost", port, secure: true })

const plain = (port: number) =>
  Effect.acquireRelease(
    Effect.sync(() => net.connect({ port, host: "127.0.0.1", allowHalfOpen: true }).on("error", () => {})),
    (socket) => Effect.sync(() => socket.destroy())
  )

describe("TLS", () => {
  it.scopedLive("a connection is encrypted, and has the TLS socket in reach", () =>
    Effect.gen(function* () {
      const { duplexes, listener, port } = yield* listening()
      const client = yield* connect(port)
      yield* until(() => duplexes.length === 1)
      const { info } = duplexes[0]!
      expect(listener.secure).toBe(true)
      expect(info.encrypted).toBe(true)
      expect(info.native).toBeInstanceOf(tls.TLSSocket)
      expect([info.alpn, client.info.alpn]).toEqual([Option.some("http/1.1"), Option.some("http/1.1")])
      expect(info.peerCertificate).toEqual(Option.none())
      expect(Option.getOrThrow(client.info.peerCertificate)).toMatchObject({ subject: { CN: "localhost" } })
      expect(Option.getOrThrow(info.local)).toMatchObject({ port })
    })
  )

  it.scopedLive("certificates that do not fit are TlsHandshake", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(
        NodeListener.makeTls({ cert: certificates.server.cert, key: certificates.client.key })
      )
      expect(error.reason).toMatchObject({
        _tag: "TlsHandshake",
        code: expect.stringContaining("KEY_VALUES_MISMATCH")
      })
    })
  )

  it.scopedLive("SNICallback chooses the certificate", () =>
    Effect.gen(function* () {
      const names: Array<string> = []
      const { port } = yield* listening({
        SNICallback: (name, done) => {
          names.push(name)
          done(null, tls.createSecureContext(certificates.wrongHost))
        }
      })
      yield* connect(port, { servername: "example.org" })
      expect(names).toEqual(["example.org"])
    })
  )

  it.scopedLive("RFC 7301 §3.2: a client whose protocols are all unknown is refused", () =>
    Effect.gen(function* () {
      const { duplexes, logged, port } = yield* listening()
      const error = yield* Effect.flip(connect(port, { ALPNProtocols: ["h2"] }))
      expect(error.reason).toMatchObject({ code: expect.stringContaining("NO_APPLICATION_PROTOCOL") })
      yield* until(() => logged.length === 1)
      expect(duplexes).toEqual([])
    })
  )
})

describe("certificates of clients", () => {
  const demand = { ca, requestCert: true }

  it.scopedLive("a client with a certificate is let in, and its certificate known", () =>
    Effect.gen(function* () {
      const { duplexes, port } = yield* listening(demand)
      yield* connect(port, certificates.client)
      yield* until(() => duplexes.length === 1)
      expect(Option.getOrThrow(duplexes[0]!.info.peerCertificate)).toMatchObject({ subject: { CN: "client" } })
    })
  )

  it.scopedLive("RFC 8446 §4.4.2.4: a client without one is refused, and told so", () =>
    Effect.gen(function* () {
      const { duplexes, logged, port } = yield* listening(demand)
      const { error } = yield* readAll(yield* connect(port))
      expect(error.reason).toEqual({ _tag: "TlsHandshake", code: "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED" })
      yield* until(() => logged.length === 1)
      expect(duplexes).toEqual([])
    })
  )

  it.scopedLive("a client with one that nobody has signed is refused", () =>
    Effect.gen(function* () {
      const { duplexes, logged, port } = yield* listening(demand)
      yield* Effect.ignore(Effect.flatMap(connect(port, certificates.selfSigned), readAll))
      yield* until(() => logged.length === 1)
      expect(duplexes).toEqual([])
    })
  )

  it.scopedLive("with rejectUnauthorized: false both are let in", () =>
    Effect.gen(function* () {
      const { duplexes, port } = yield* listening({ ...demand, rejectUnauthorized: false })
      yield* connect(port)
      yield* connect(port, certificates.selfSigned)
      yield* until(() => duplexes.length === 2)
    })
  )
})

describe("handshakes which fail are a line in the debug log, and nothing else", () => {
  it.scopedLive("plain HTTP", () =>
    Effect.gen(function* () {
      const { duplexes, logged, port } = yield* listening()
      const socket = yield* plain(port)
      socket.resume().write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
      yield* event(socket, "end")
      yield* until(() => logged.length === 1)
      expect(logged[0]).toMatch(/not accepted/)
      expect(logged[0]).toMatch(/ERR_SSL_/)
      yield* connect(port)
      yield* until(() => duplexes.length === 1)
    })
  )

  it.live("resets and ends at any moment", () =>
    leavesNothing(
      Effect.gen(function* () {
        const { duplexes, logged, port } = yield* listening()
        for (let delay = 0; delay < 10; delay++) {
          const [reset, ended] = [yield* plain(port), yield* plain(port)]
          ended.resume()
          for (const socket of [reset, ended]) socket.write(Uint8Array.of(0x16, 3, 1, 0, 0xff, 1))
          yield* turns(delay)
          reset.resetAndDestroy()
          ended.end()
        }
        yield* connect(port)
        yield* until(() => duplexes.length === 1 && logged.length >= 10)
      }).pipe(Effect.scoped)
    )
  )

  it.live("resets right behind the last octets of the client: they hold no place", () =>
    leavesNothing(
      Effect.gen(function* () {
        const { duplexes, logged, port } = yield* listening({}, {}, 3)
        for (let count = 1; count <= 10; count++) {
          const socket = yield* plain(port)
          const client = tls.connect({ socket, ca, servername: "localhost", ALPNProtocols: ["http/1.1"] })
          yield* event(
            client.on("error", () => {}),
            "secureConnect"
          )
          client.write("GET / HTTP/1.1\r\n")
          socket.resetAndDestroy()
          yield* until(() => logged.length + duplexes.length === count)
        }
        const before = duplexes.length
        yield* connect(port)
        yield* until(() => duplexes.length === before + 1)
      }).pipe(Effect.scoped)
    )
  )

  it.scopedLive("a client which says nothing, when the time is up", () =>
    Effect.gen(function* () {
      const { logged, port } = yield* listening({}, { handshakeTimeout: "30 millis" })
      const socket = yield* plain(port)
      yield* event(socket.resume(), "end")
      yield* until(() => logged.length === 1)
      expect(logged[0]).toMatch(/waited 30ms for the opening handshake/)
    })
  )

  it.scopedLive("those who say nothing keep nobody else waiting, and out of the backlog go first", () =>
    Effect.gen(function* () {
      const { accept, address } = yield* NodeListener.makeTls({ ...certificates.server, backlog: 3 })
      let served = 0
      yield* Effect.forkScoped(
        accept((duplex) => {
          served++
          return Effect.ignore(Effect.flatMap(duplex.pull, () => duplex.end))
        })
      )
      const silent = yield* Effect.forEach([1, 2], () => plain(portOf(address)))
      yield* until(() => silent.every((socket) => !socket.connecting))
      const client = yield* connect(portOf(address))
      yield* until(() => served === 1)
      const others = yield* Effect.forEach([1, 2, 3], () => plain(portOf(address)))
      const isGone = (socket: net.Socket) => socket.resume().readableEnded || socket.destroyed
      yield* until(() => silent.every(isGone))
      client.unsafeWrite([Buffer.from("octets")])
      expect((yield* Effect.flip(read(client, 1))).reason._tag).toBe("EndOfStream")
      yield* connect(portOf(address))
      yield* until(() => served === 2 && others.filter(isGone).length === 1)
    })
  )

  it.live("the end of the listener ends handshakes, and leaves nothing", () =>
    leavesNothing(
      Effect.gen(function* () {
        const socket = yield* Effect.flatMap(listening(), ({ port }) =>
          Effect.tap(plain(port), (socket) => event(socket, "connect"))
        )
        socket.resume()
        yield* turns(50)
      }).pipe(Effect.scoped)
    )
  )
})

describe("a hard close right after the handshake", () => {
  it.scopedLive.each(["TLSv1.2", "TLSv1.3"] as const)("%s: the client's handshake succeeds all the same", (version) =>
    Effect.gen(function* () {
      const { accept, address } = yield* NodeListener.makeTls({ ...certificates.server, maxVersion: version })
      yield* Effect.forkScoped(accept(() => Effect.void))
      yield* readAll(yield* connect(portOf(address)))
    })
  )
})
