import * as net from "node:net"
import * as stream from "node:stream"
import * as tls from "node:tls"
import { describe, expect, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import * as Limits from "effect-websocket/Limits"
import { Listener, uri } from "effect-websocket/Listener"
import type { Address, Duplex } from "effect-websocket/Transport"
import * as WebSocket from "effect-websocket/WebSocket"
import * as WebSocketServer from "effect-websocket/WebSocketServer"
import * as NodeListener from "../src/NodeListener.js"
import { speaksTls } from "../src/NodeTlsDetection.js"
import type { TlsOptions } from "../src/NodeTlsServer.js"
import * as NodeTransport from "../src/NodeTransport.js"
import * as certificates from "./support/certificates.js"
import { event, leavesNothing, pattern, read, readAll, socketPair, turns, until } from "./support/sockets.js"

const { ca } = certificates

const portOf = (address: Address): number => (address._tag === "TcpAddress" ? address.port : 0)

/** A listener for both which keeps what it accepts, and the debug log. */
const listening = (options: Partial<TlsOptions & NodeListener.TcpOptions> = {}, limits: Limits.LimitOptions = {}) =>
  Effect.gen(function* () {
    const logged: Array<string> = []
    const logger = Logger.make(({ cause, message }) => void logged.push(`${message} ${Cause.pretty(cause)}`))
    const debug = Layer.mergeAll(
      Logger.replace(Logger.defaultLogger, logger),
      Logger.minimumLogLevel(LogLevel.Debug),
      Limits.layer(limits)
    )
    const listener = yield* Effect.provide(NodeListener.makeTlsOrPlain({ ...certificates.server, ...options }), debug)
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

const encrypted = (port: number, options: NodeTransport.TlsOptions = {}) =>
  NodeTransport.makeTls({ ca, ...options }).connect({ host: "localhost", port, secure: true })

const raw = (port: number) =>
  Effect.acquireRelease(
    Effect.sync(() =>
      net.connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true }).on("error", () => {})
    ),
    (socket) => Effect.sync(() => socket.destroy())
  )

/** The octets of a ClientHello of Node.js. */
const clientHello = Effect.async<Buffer>((resume) => {
  const sink = new stream.Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      resume(Effect.succeed(chunk))
      done()
    }
  })
  tls.connect({ socket: sink }).on("error", () => {})
})

/** The socket as a stream that sends the first octets one by one, with turns of the event loop in between. */
const hesitant = (socket: net.Socket, octets = 20): stream.Duplex => {
  let left = octets
  const result = new stream.Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      const next = (at: number): void => {
        const isSlow = left > 0 && at < chunk.length
        if (!isSlow) return void socket.write(chunk.subarray(at), done)
        left--
        socket.write(chunk.subarray(at, at + 1), () => setImmediate(() => setImmediate(next, at + 1)))
      }
      next(0)
    },
    destroy: (error, done) => {
      socket.destroy()
      done(error)
    }
  })
  socket.on("data", (chunk) => result.push(chunk)).on("end", () => result.push(null))
  return result
}

describe("PARITY L-21, L-22: TLS and plain connections on one port", () => {
  it.scopedLive("each is what its client made it; the URI is the encrypted one", () =>
    Effect.gen(function* () {
      const { duplexes, listener, port } = yield* listening()
      const secret = yield* encrypted(port)
      yield* until(() => duplexes.length === 1)
      const socket = yield* raw(port)
      socket.write("GET / HTTP/1.1\r\n\r\n")
      yield* until(() => duplexes.length === 2)
      const [first, second] = duplexes.map(({ info }) => info)
      expect(first!.encrypted).toBe(true)
      expect(first!.native).toBeInstanceOf(tls.TLSSocket)
      expect([first!.alpn, secret.info.alpn]).toEqual([Option.some("http/1.1"), Option.some("http/1.1")])
      expect(second!.encrypted).toBe(false)
      expect(second!.native).not.toBeInstanceOf(tls.TLSSocket)
      expect(second!.alpn).toEqual(Option.none())
      expect(Option.getOrThrow(second!.local)).toMatchObject({ port })
      expect(Option.getOrThrow(second!.remote)).toMatchObject({ port: socket.localPort })
      expect(String(yield* read(duplexes[1]!, 18))).toBe("GET / HTTP/1.1\r\n\r\n")
      expect(listener.secure).toBe(true)
      expect(yield* Effect.provideService(uri("/chat"), Listener, listener)).toBe(`wss://127.0.0.1:${port}/chat`)
    })
  )

  it.scopedLive.each(["TLSv1.2", "TLSv1.3"] as const)("%s: a ClientHello that comes octet by octet", (version) =>
    Effect.gen(function* () {
      const { duplexes, port } = yield* listening({ maxVersion: version })
      const socket = yield* raw(port)
      const client = tls.connect({ socket: hesitant(socket), ca, host: "localhost", servername: "localhost" })
      client.on("error", () => {}).write(pattern(100_000))
      yield* until(() => duplexes.length === 1)
      expect((yield* read(duplexes[0]!, 100_000)).equals(pattern(100_000))).toBe(true)
      expect(duplexes[0]!.info.encrypted).toBe(true)
    })
  )

  it.scopedLive("no octet is lost of a plain client which sends all at once and ends", () =>
    Effect.gen(function* () {
      const { duplexes, port } = yield* listening()
      const socket = yield* raw(port)
      socket.end(pattern(3_000_000))
      yield* until(() => duplexes.length === 1)
      const { error, octets } = yield* readAll(duplexes[0]!)
      expect(octets.equals(pattern(3_000_000))).toBe(true)
      expect(error.reason._tag).toBe("EndOfStream")
      duplexes[0]!.unsafeWrite([Buffer.from("answer")])
      expect(String(yield* event(socket, "data"))).toBe("answer")
    })
  )

  it.scopedLive("octets that only begin like TLS are plain: 0x16, and no ClientHello", () =>
    Effect.gen(function* () {
      const { duplexes, port } = yield* listening()
      const socket = yield* raw(port)
      const octets = [0x16, 3, 1, 1, 0, 2]
      for (const octet of octets) {
        socket.write(Uint8Array.of(octet))
        yield* turns(5)
      }
      yield* until(() => duplexes.length === 1)
      expect([...(yield* read(duplexes[0]!, octets.length))]).toEqual(octets)
    })
  )

  it.scopedLive("a client's certificate is demanded of those who speak TLS", () =>
    Effect.gen(function* () {
      const { duplexes, logged, port } = yield* listening({ ca, requestCert: true })
      yield* Effect.ignore(Effect.flatMap(encrypted(port), readAll))
      yield* until(() => logged.length === 1)
      yield* encrypted(port, certificates.client)
      yield* until(() => duplexes.length === 1)
      expect(Option.getOrThrow(duplexes[0]!.info.peerCertificate)).toMatchObject({ subject: { CN: "client" } })
    })
  )

  it.scopedLive("certificates that do not fit are TlsHandshake", () =>
    Effect.gen(function* () {
      const options = { cert: certificates.server.cert, key: certificates.client.key }
      expect((yield* Effect.flip(NodeListener.makeTlsOrPlain(options))).reason._tag).toBe("TlsHandshake")
    })
  )

  it.scopedLive("WebSockets of both kinds are served by one server", () =>
    Effect.gen(function* () {
      const server = WebSocketServer.serve((ws) =>
        ws.run((message) => ws.send(`${message}, encrypted: ${ws.info.encrypted}`))
      )
      const ask = (uri: string) =>
        Effect.scoped(
          Effect.gen(function* () {
            const ws = yield* WebSocket.connect(uri)
            yield* ws.send("hello")
            return yield* ws.receive
          })
        )
      const program = Effect.gen(function* () {
        const secure = yield* uri("/")
        return [yield* ask(secure), yield* ask(secure.replace("wss:", "ws:"))]
      })
      const both = Layer.merge(NodeTransport.layer({ ca }), NodeListener.layerTlsOrPlain(certificates.server))
      const layers = Layer.provideMerge(server, Layer.merge(WebSocket.layer, both))
      expect(yield* Effect.provide(program, layers)).toEqual(["hello, encrypted: true", "hello, encrypted: false"])
    })
  )
})

describe("clients that fail are a line in the debug log, and nothing else", () => {
  const lastly = (port: number, duplexes: ReadonlyArray<Duplex>) =>
    Effect.gen(function* () {
      yield* encrypted(port)
      yield* until(() => duplexes.length === 1)
    })

  it.scopedLive("a ClientHello with nonsense in it", () =>
    Effect.gen(function* () {
      const { duplexes, logged, port } = yield* listening()
      const socket = yield* raw(port)
      socket.resume().write(Uint8Array.from([0x16, 3, 1, 0, 0x2c, 1, 0, 0, 0x28, ...new Array(40).fill(9)]))
      yield* until(() => logged.length === 1)
      expect(logged[0]).toMatch(/ERR_SSL_/)
      yield* lastly(port, duplexes)
    })
  )

  for (const [what, octets, reason] of [
    ["nothing", 0, /without a Close frame|EndOfStream/],
    ["half of what tells", 8, /without a Close frame|EndOfStream/],
    ["a whole ClientHello", Infinity, /TLS handshake/]
  ] as const) {
    it.scopedLive(`an end after ${what}`, () =>
      Effect.gen(function* () {
        const { duplexes, logged, port } = yield* listening()
        const hello = (yield* clientHello).subarray(0, octets)
        const socket = yield* raw(port)
        yield* event(socket.resume(), "connect")
        if (hello.length > 0) socket.write(hello)
        socket.end()
        yield* until(() => logged.length === 1)
        expect(logged[0]).toMatch(reason)
        yield* lastly(port, duplexes)
      })
    )

    it.scopedLive(`silence after ${what}, when the time is up`, () =>
      Effect.gen(function* () {
        const { logged, port } = yield* listening({}, { handshakeTimeout: "50 millis" })
        const hello = (yield* clientHello).subarray(0, octets)
        const socket = yield* raw(port)
        if (hello.length > 0) socket.write(hello)
        yield* event(socket.resume(), "end")
        yield* until(() => logged.length === 1)
        expect(logged[0]).toMatch(/waited 50ms for the opening handshake/)
      })
    )
  }

  it.live("resets and ends at any moment, and leave nothing", () =>
    leavesNothing(
      Effect.gen(function* () {
        const { duplexes, logged, port } = yield* listening()
        const hello = yield* clientHello
        for (let delay = 0; delay < 12; delay++) {
          const [reset, ended] = [yield* raw(port), yield* raw(port)]
          ended.resume()
          for (const socket of [reset, ended]) socket.write(delay % 2 === 0 ? hello.subarray(0, delay) : hello)
          yield* turns(delay)
          reset.resetAndDestroy()
          ended.end()
        }
        yield* until(() => logged.length >= 12)
        yield* lastly(port, duplexes)
      }).pipe(Effect.scoped)
    )
  )

  it.scopedLive("those who say nothing keep nobody else waiting, and out of the backlog go first", () =>
    Effect.gen(function* () {
      const { duplexes, port } = yield* listening({ backlog: 2 })
      const silent = yield* raw(port)
      yield* event(silent, "connect")
      const socket = yield* raw(port)
      socket.write("GET")
      yield* until(() => duplexes.length === 1)
      yield* Effect.forEach([1, 2], () => raw(port))
      yield* until(() => silent.resume().readableEnded || silent.destroyed)
    })
  )

  it.live("the end of the listener ends those who are not known yet, and leaves nothing", () =>
    leavesNothing(
      Effect.gen(function* () {
        const socket = yield* Effect.flatMap(listening(), ({ port }) =>
          Effect.tap(raw(port), (socket) => event(socket, "connect"))
        )
        socket.resume()
        yield* turns(50)
      }).pipe(Effect.scoped)
    )
  )
})

describe("speaksTls", () => {
  it.scopedLive("interruption leaves no listener on the socket, and stops reading", () =>
    Effect.gen(function* () {
      const { far, near } = yield* socketPair
      yield* Effect.timeoutOption(speaksTls(near), "1 millis")
      expect([near.listenerCount("data"), near.listenerCount("close"), near.isPaused()]).toEqual([0, 0, true])
      expect(far.destroyed).toBe(false)
    })
  )

  it.scopedLive("a socket which is gone already is a failure", () =>
    Effect.gen(function* () {
      const { near } = yield* socketPair
      near.destroy()
      expect((yield* Effect.flip(speaksTls(near)))._tag).toBe("TransportError")
    })
  )
})
