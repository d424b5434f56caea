import * as net from "node:net"
import type * as tls from "node:tls"
import { describe, expect, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import * as DuplexAdapter from "effect-websocket/DuplexAdapter"
import * as Limits from "effect-websocket/Limits"
import { Listener } from "effect-websocket/Listener"
import * as MemoryTransport from "effect-websocket/MemoryTransport"
import { type Duplex, Transport } from "effect-websocket/Transport"
import * as NodeListener from "../src/NodeListener.js"
import * as NodeTlsOver from "../src/NodeTlsOver.js"
import type { TlsOptions } from "../src/NodeTlsServer.js"
import * as NodeTransport from "../src/NodeTransport.js"
import * as certificates from "./support/certificates.js"
import { event, leavesNothing, readAll, turns, until } from "./support/sockets.js"

const { ca } = certificates

/** A listener of TLS over TCP which keeps what it accepts, and the debug log. */
const listening = (options: Partial<TlsOptions> = {}, limits: Limits.LimitOptions = {}) =>
  Effect.gen(function* () {
    const logged: Array<string> = []
    const logger = Logger.make(({ cause, message }) => void logged.push(`${message} ${Cause.pretty(cause)}`))
    const debug = Layer.mergeAll(
      Logger.replace(Logger.defaultLogger, logger),
      Logger.minimumLogLevel(LogLevel.Debug),
      Limits.layer(limits)
    )
    const tcp = yield* NodeListener.makeTcp()
    const listener = NodeListener.makeTlsOver({ ...certificates.server, ...options })
    const { accept, address, secure } = yield* Effect.provideService(listener, Listener, tcp)
    expect(secure).toBe(true)
    const duplexes: Array<Duplex> = []
    const keep = (duplex: Duplex) =>
      Effect.zipRight(
        Effect.sync(() => duplexes.push(duplex)),
        Effect.never
      )
    yield* Effect.forkScoped(Effect.provide(accept(keep), debug))
    return { duplexes, logged, port: address._tag === "TcpAddress" ? address.port : 0 }
  })

const connect = (port: number, options: NodeTransport.TlsOptions = {}) =>
  NodeTransport.makeTls({ ca, ...options }).connect({ host: "localhost", port, secure: true })

const plain = (port: number) =>
  Effect.acquireRelease(
    Effect.sync(() => net.connect({ port, host: "127.0.0.1", allowHalfOpen: true }).on("error", () => {})),
    (socket) => Effect.sync(() => socket.destroy())
  )

/** Both sides of TLS over a connection in memory, and what is beneath. */
const within = (version: tls.SecureVersion) =>
  Effect.gen(function* () {
    const [near, far] = yield* MemoryTransport.pair()
    const target = { host: "localhost", port: 443, secure: true }
    const [client, server] = yield* Effect.all(
      [
        NodeTlsOver.client({ ca })(near, target),
        NodeTlsOver.server({ ...certificates.server, maxVersion: version })(far)
      ],
      { concurrency: "unbounded" }
    )
    return { client, server, near, far }
  })

describe("TLS over any connection", () => {
  for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
    it.scopedLive(`PARITY X-14: the ends of both sides have close_notify, ${version}`, () =>
      Effect.gen(function* () {
        for (const [from, to] of [
          ["client", "server"],
          ["server", "client"]
        ] as const) {
          const ends = yield* within(version)
          ends[from].unsafeWrite([Buffer.from("the last words")])
          const tearing = yield* Effect.fork(ends[from].teardown("server"))
          const { error, octets } = yield* readAll(ends[to])
          expect(octets.toString()).toBe("the last words")
          expect(error.reason._tag).toBe("EndOfStream")
          yield* ends[to].teardown("client")
          yield* Fiber.join(tearing)
        }
      })
    )

    it.scopedLive(`RFC 8446 §6.1: an end without it is TlsTruncated for both, ${version}`, () =>
      Effect.gen(function* () {
        for (const [from, to] of [
          ["near", "server"],
          ["far", "client"]
        ] as const) {
          const ends = yield* within(version)
          yield* ends[from].end
          expect((yield* readAll(ends[to])).error.reason._tag).toBe("TlsTruncated")
        }
      })
    )
  }

  it.scopedLive("PARITY L-22: detectTls has read, and TLS begins with what it gives back", () => {
    const detecting = DuplexAdapter.mapListener((lower) =>
      Effect.flatMap(Effect.orDie(DuplexAdapter.detectTls(lower)), ({ duplex, isTls }) => {
        expect(isTls).toBe(true)
        return Effect.succeed(duplex)
      })
    )
    const server = Layer.provide(NodeListener.layerTlsOver(certificates.server), detecting)
    const layers = Layer.provide(Layer.merge(NodeTransport.layerTlsOver({ ca }), server), MemoryTransport.layer)
    return Effect.gen(function* () {
      const greet = (duplex: Duplex) =>
        Effect.ignore(
          Effect.zipRight(
            Effect.sync(() => duplex.unsafeWrite([Buffer.from("hi")])),
            duplex.drain
          )
        )
      yield* Effect.forkScoped(
        Effect.flatMap(Listener, ({ accept }) => accept((duplex) => Effect.zipRight(greet(duplex), duplex.end)))
      )
      const duplex = yield* Effect.flatMap(Transport, (transport) =>
        transport.connect({ host: "localhost", port: 1, secure: true })
      )
      expect((yield* readAll(duplex)).octets.toString()).toBe("hi")
      expect(duplex.info.encrypted).toBe(true)
    }).pipe(Effect.provide(layers))
  })

  it.scopedLive(
    "a record that is none, at the moment of an empty write, is a failure, and no exception of Node.js",
    () =>
      Effect.gen(function* () {
        for (const delay of [0, 1, 2, 3]) {
          const { client, far } = yield* within("TLSv1.3")
          yield* turns(5)
          client.unsafeWrite([new Uint8Array(0)])
          if (delay > 0) yield* turns(delay)
          far.unsafeWrite([Uint8Array.of(0x17, 3, 3, 0, 17, ...new Uint8Array(17))])
          expect((yield* readAll(client)).error.reason._tag).toBe("Read")
          yield* turns(5)
        }
      })
  )

  it.scopedLive("info has what is beneath, and what TLS has agreed on", () =>
    Effect.gen(function* () {
      const { duplexes, port } = yield* listening()
      yield* connect(port)
      yield* until(() => duplexes.length === 1)
      const { info } = duplexes[0]!
      expect([info.encrypted, info.alpn]).toEqual([true, Option.some("http/1.1")])
      expect(Option.getOrThrow(info.local)).toMatchObject({ port })
      expect((info.native as net.Socket).localPort).toBe(port)
    })
  )

  it.scopedLive("certificates that do not fit are TlsHandshake", () =>
    Effect.gen(function* () {
      const listener = NodeListener.layerTlsOver({ cert: certificates.server.cert, key: certificates.client.key })
      const error = yield* Effect.flip(Layer.build(Layer.provide(listener, MemoryTransport.layer)))
      expect(error.reason).toMatchObject({ _tag: "TlsHandshake", code: expect.stringContaining("KEY_VALUES_MISMATCH") })
    })
  )

  it.scopedLive("sessions are resumed, whichever server has made their handshakes", () =>
    Effect.gen(function* () {
      const { port } = yield* listening({ maxVersion: "TLSv1.2" })
      const first = (yield* connect(port)).info.native as tls.TLSSocket
      const second = (yield* connect(port, { session: first.getSession() })).info.native as tls.TLSSocket
      expect([first.isSessionReused(), second.isSessionReused()]).toEqual([false, true])
    })
  )

  it.scopedLive("handshakes at a time, some of which fail, are never mixed up", () =>
    Effect.gen(function* () {
      const handshake = NodeTlsOver.server(certificates.server)
      const one = (index: number) =>
        Effect.gen(function* () {
          const [near, far] = yield* MemoryTransport.pair()
          const target = { host: index % 3 === 0 ? "example.org" : "localhost", port: 443, secure: true }
          const client = Effect.either(NodeTlsOver.client({ ca })(near, target))
          const both = yield* Effect.all([client, Effect.either(handshake(far))], { concurrency: "unbounded" })
          if (index % 3 === 0) return expect(both[0]).toMatchObject({ left: { reason: { _tag: "TlsHandshake" } } })
          const [upper, lower] = both.map(Either.getOrThrow)
          lower!.unsafeWrite([Buffer.from(`number ${index}`)])
          yield* lower!.end
          expect((yield* readAll(upper!)).octets.toString()).toBe(`number ${index}`)
        })
      for (const round of [0, 20]) {
        const indices = Array.from({ length: 20 }, (_, index) => round + index)
        yield* Effect.forEach(indices, one, { concurrency: "unbounded" })
      }
    })
  )

  it.scopedLive("RFC 8446 §4.4.2.4: a client without the certificate that is demanded is refused", () =>
    Effect.gen(function* () {
      const { duplexes, logged, port } = yield* listening({ ca, requestCert: true })
      const { error } = yield* readAll(yield* connect(port))
      expect(error.reason).toEqual({ _tag: "TlsHandshake", code: "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED" })
      yield* until(() => logged.length === 1)
      expect(duplexes).toEqual([])
      yield* connect(port, certificates.client)
      yield* until(() => duplexes.length === 1)
      expect(Option.getOrThrow(duplexes[0]!.info.peerCertificate)).toMatchObject({ subject: { CN: "client" } })
    })
  )
})

describe("handshakes which fail are a line in the debug log, and nothing else", () => {
  it.live("plain HTTP, resets and ends at any moment; nothing is left", () =>
    leavesNothing(
      Effect.gen(function* () {
        const { duplexes, logged, port } = yield* listening()
        const http = yield* plain(port)
        http.resume().write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        yield* event(http, "end")
        yield* until(() => logged.length === 1)
        expect(logged[0]).toMatch(/not accepted.*ERR_SSL_/s)
        for (let delay = 0; delay < 8; delay++) {
          const [reset, ended] = [yield* plain(port), yield* plain(port)]
          ended.resume()
          for (const socket of [reset, ended]) socket.write(Uint8Array.of(0x16, 3, 1, 0, 0xff, 1))
          yield* turns(delay)
          reset.resetAndDestroy()
          ended.end()
          yield* event(ended, "end")
        }
        yield* connect(port)
        yield* until(() => duplexes.length === 1 && logged.length >= 9)
      }).pipe(Effect.scoped)
    )
  )

  it.scopedLive("a client which says nothing, when the time is up", () =>
    Effect.gen(function* () {
      const { logged, port } = yield* listening({}, { handshakeTimeout: "30 millis" })
      yield* event((yield* plain(port)).resume(), "end")
      yield* until(() => logged.length === 1)
      expect(logged[0]).toMatch(/waited 30ms for the opening handshake/)
    })
  )

  it.live("interruption at any moment aborts what is beneath, on both sides", () =>
    Effect.forEach(
      [0, 1, 2, 3, 5, 8],
      (delay) =>
        Effect.gen(function* () {
          const [near, far] = yield* MemoryTransport.pair()
          const client = NodeTlsOver.client({ ca })(near, { host: "localhost", port: 443, secure: true })
          const both = Effect.all([client, NodeTlsOver.server(certificates.server)(far)], { concurrency: "unbounded" })
          const fiber = yield* Effect.fork(Effect.scoped(both))
          yield* turns(delay)
          yield* Fiber.interrupt(fiber)
          for (const duplex of [near, far]) expect((yield* Effect.flip(duplex.drain))._tag).toBe("TransportError")
        }).pipe(Effect.scoped),
      { discard: true }
    )
  )
})
