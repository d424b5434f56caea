import { describe, expect, it } from "@effect/vitest"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"
import * as DuplexAdapter from "../src/DuplexAdapter.js"
import { prepend } from "../src/DuplexAdapter.js"
import * as HttpProxy from "../src/HttpProxy.js"
import * as MemoryTransport from "../src/MemoryTransport.js"
import type { Duplex } from "../src/Transport.js"
import { transportContract } from "../src/testing/transportContract.js"
import * as WebSocket from "../src/WebSocket.js"
import { catchReason, type TransportError } from "../src/WebSocketError.js"
import { test, turns } from "./support/leavesNothing.js"
import { sampleEntropy, switching } from "./support/sample.js"
import { target, throughProxy } from "./support/throughProxy.js"
import { frame, maskedFrame, text, type Wire, wire } from "./support/wire.js"

const options = { host: "proxy.example.com", port: 8080 }
const auth = { username: "anna", password: Redacted.make("hunter2") }
const established = "HTTP/1.1 200 Connection established\r\n\r\n"

/** A connection over which the proxy has answered. */
const answered = (answer: string, proxy: HttpProxy.HttpProxyOptions = options) =>
  Effect.gen(function* () {
    const { accept, connect } = yield* throughProxy(HttpProxy.layer(proxy))
    const connecting = yield* Effect.fork(connect())
    const peer = yield* accept
    const request = yield* peer.until("\r\n\r\n")
    yield* peer.write(answer)
    return { connecting, peer, request }
  })

const faultOf = (connecting: Fiber.Fiber<Duplex, TransportError>) =>
  Effect.map(Effect.flip(Fiber.join(connecting)), (error) => ({ error, reason: error.reason }))

describe("RFC 9110 §9.3.6 CONNECT", () => {
  test("the proxy is asked for the target, by the Transport beneath, and the tunnel is the connection", function* () {
    const { accept, connect, targets } = yield* throughProxy(HttpProxy.layer(options))
    const connecting = yield* Effect.fork(connect())
    const peer = yield* accept
    expect(targets).toEqual([{ ...options, secure: false }])
    expect(yield* peer.until("\r\n\r\n")).toBe(
      "CONNECT server.example.com:443 HTTP/1.1\r\nHost: server.example.com:443\r\n\r\n"
    )
    yield* peer.write(established)
    const ours = wire(yield* Fiber.join(connecting))
    yield* ours.write("to the server")
    expect(yield* peer.take(13)).toBe("to the server")
    yield* peer.write("to the client")
    expect(yield* ours.take(13)).toBe("to the client")
    yield* peer.duplex.abort
  })

  test("HARDENING X09: an IPv6 address stands in brackets", function* () {
    const { accept, connect } = yield* throughProxy(HttpProxy.layer(options))
    yield* Effect.fork(connect({ host: "::1", port: 443, secure: false }))
    expect(yield* (yield* accept).until("\r\n\r\n")).toMatch(/^CONNECT \[::1\]:443 HTTP\/1\.1\r\nHost: \[::1\]:443\r\n/)
  })

  test("the way to the proxy may be TLS, which the Transport beneath makes", function* () {
    const { connect, targets } = yield* throughProxy(HttpProxy.layer({ ...options, secure: true }))
    yield* Effect.fork(connect())
    yield* turns(5)
    expect(targets).toEqual([{ ...options, secure: true }])
  })

  for (const answer of [
    "HTTP/1.0 200 OK\r\n\r\n",
    "HTTP/1.1 201 Created\r\nX-A: 1\r\n\r\n",
    "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"
  ]) {
    test(`a 2xx response opens it: ${JSON.stringify(answer)}`, function* () {
      const { connecting, peer } = yield* answered(answer)
      yield* Fiber.join(connecting)
      yield* peer.duplex.abort
    })
  }

  for (const fields of ["Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n"]) {
    test(`HARDENING X02: ${JSON.stringify(fields)} of a 2xx response is ignored; what follows is of the tunnel`, function* () {
      const { connecting, peer } = yield* answered(`HTTP/1.1 200 OK\r\n${fields}\r\nhello`)
      expect(yield* wire(yield* Fiber.join(connecting)).take(5)).toBe("hello")
      yield* peer.duplex.abort
    })
  }

  test("HARDENING X07: octets of the tunnel that come with the response are kept, by both ways of reading", function* () {
    const first = yield* answered(`${established}early`)
    const pulled = wire(yield* Fiber.join(first.connecting))
    yield* first.peer.write(", and later")
    expect(yield* pulled.take(16)).toBe("early, and later")
    yield* first.peer.duplex.abort

    const second = yield* answered(`${established}early`)
    const received: Array<string> = []
    const duplex = yield* Fiber.join(second.connecting)
    duplex.unsafeReceive(
      (octets) => received.push(text(octets)),
      () => {}
    )
    yield* second.peer.write(", and later")
    yield* turns()
    expect(received.join("")).toBe("early, and later")
    yield* second.peer.duplex.abort
  })

  test("HARDENING X08: a WebSocket goes through, and its request has nothing for the proxy, nor the other way", function* () {
    const { accept, context } = yield* throughProxy(HttpProxy.layer({ ...options, auth }))
    const fields = { Authorization: "Bearer s3cr3t", Cookie: "id=s3cr3t" }
    const connecting = yield* Effect.fork(
      WebSocket.connect("ws://server.example.com/chat", { fields }).pipe(
        Effect.flatMap((ws) => Effect.zipRight(ws.send("hi"), ws.receive)),
        Effect.scoped,
        Effect.provide(context),
        Effect.provide(Layer.merge(WebSocket.layer, sampleEntropy))
      )
    )
    const peer = yield* accept
    const tunnel = yield* peer.until("\r\n\r\n")
    expect(tunnel).toMatch(/^CONNECT server\.example\.com:80 HTTP\/1\.1\r\nHost: server\.example\.com:80\r\n/)
    expect(tunnel).not.toContain("s3cr3t")
    yield* peer.write(established)
    const request = yield* peer.until("\r\n\r\n")
    expect(request).toMatch(/^GET \/chat HTTP\/1\.1\r\nHost: server\.example\.com\r\n/)
    expect(request).not.toContain("Proxy-Authorization")
    yield* peer.write(`${switching()}${frame(1, "hello")}`)
    expect(yield* peer.take(8)).toBe(maskedFrame(1, "hi"))
    expect(yield* peer.take(8)).toBe(maskedFrame(8, "\u0003\u00e8"))
    yield* peer.write(frame(8, "\u0003\u00e8"))
    yield* peer.duplex.end
    expect(yield* Fiber.join(connecting)).toBe("hello")
  })
})

describe("a proxy that refuses", () => {
  for (const [status, body] of [
    ["302 Found", ""],
    ["403 Forbidden", "not from here"],
    ["502 Bad Gateway", "no such host"]
  ] as const) {
    test(`HARDENING X06: ${status} is Refused, with the whole response`, function* () {
      const { connecting, peer } = yield* answered(
        `HTTP/1.1 ${status}\r\nContent-Length: ${body.length}\r\n\r\n${body}`
      )
      const { error, reason } = yield* faultOf(connecting)
      if (reason._tag !== "Proxy" || reason.fault._tag !== "Refused") return yield* Effect.die(error)
      expect(reason.fault.response.head.status).toBe(Number(status.slice(0, 3)))
      expect(text(reason.fault.response.body)).toBe(body)
      expect(error.message).toBe(
        `the proxy proxy.example.com:8080 did not open a tunnel (status ${status.slice(0, 3)})`
      )
      expect((yield* peer.rest).reason).toBe("Reset")
    })
  }

  test("it can be caught by its reason", function* () {
    const { connecting } = yield* answered("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
    const caught = catchReason(Fiber.join(connecting), "TransportError", "Proxy", ({ fault, proxy }) =>
      Effect.succeed([fault._tag, proxy])
    )
    expect(yield* caught).toEqual(["Refused", "proxy.example.com:8080"])
  })

  test("a body that does not come is waited for within closeTimeout", function* () {
    const { connecting } = yield* answered("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 9\r\n\r\nhalf")
    yield* turns()
    yield* TestClock.adjust("10 seconds")
    const { reason } = yield* faultOf(connecting)
    expect(reason).toMatchObject({ _tag: "Proxy", fault: { _tag: "Refused" } })
  })

  test("a response whose body is framed wrongly is told without it", function* () {
    const both = "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"
    const { connecting } = yield* answered(`HTTP/1.1 403 Forbidden\r\n${both}\r\nx`)
    const { reason } = yield* faultOf(connecting)
    expect(reason).toMatchObject({ fault: { _tag: "Refused", response: { body: new Uint8Array(0) } } })
  })
})

describe("a proxy that breaks rules", () => {
  for (const [name, answer, rule] of [
    ["no HTTP", "SSH-2.0-x\r\n\r\n", "a version is HTTP/"],
    ["a head that is too large", `HTTP/1.1 200 OK\r\nX: ${"x".repeat(20_000)}\r\n\r\n`, "limit"],
    ["interim responses without end", "HTTP/1.1 100 Continue\r\n\r\n".repeat(9), "not without end"]
  ] as const) {
    test(`${name} is Malformed, and the connection is closed at once`, function* () {
      const { connecting, peer } = yield* answered(answer)
      const { error, reason } = yield* faultOf(connecting)
      expect(reason).toMatchObject({ _tag: "Proxy", fault: { _tag: "Malformed" } })
      expect(error.message).toContain("the proxy proxy.example.com:8080 breaks a rule: RFC 9")
      expect(error.message).toContain(rule)
      expect((yield* peer.rest).reason).toBe("Reset")
    })
  }

  test("an end within the response is Malformed", function* () {
    const { connecting, peer } = yield* answered("HTTP/1.1 200")
    yield* peer.duplex.end
    expect((yield* faultOf(connecting)).reason).toMatchObject({ _tag: "Proxy", fault: { _tag: "Malformed" } })
  })

  test("a reset stays what it is", function* () {
    const { connecting, peer } = yield* answered("")
    yield* peer.duplex.abort
    expect((yield* faultOf(connecting)).reason._tag).toBe("Reset")
  })
})

describe("RFC 7617: credentials", () => {
  test("are sent with the first request, and are in no error", function* () {
    const { connecting, request } = yield* answered("HTTP/1.1 407 x\r\nContent-Length: 0\r\n\r\n", { ...options, auth })
    expect(request).toContain("\r\nProxy-Authorization: Basic YW5uYTpodW50ZXIy\r\n")
    const { error } = yield* faultOf(connecting)
    const told = `${error.message} ${String(error)} ${JSON.stringify(error)} ${JSON.stringify(options)}`
    expect(told).not.toMatch(/hunter2|YW5uYTpodW50ZXIy/)
  })

  test("HARDENING X03, X04: 407 is AuthRequired, with its challenges; it is not tried again", function* () {
    const challenges = 'Proxy-Authenticate: Basic realm="p"\r\nProxy-Authenticate: Negotiate\r\n'
    const answer = `HTTP/1.1 407 Proxy Authentication Required\r\n${challenges}Content-Length: 5\r\n\r\nlogin`
    for (const own of [options, { ...options, auth }]) {
      const { connecting, peer } = yield* answered(answer, own)
      const { error, reason } = yield* faultOf(connecting)
      expect(reason).toMatchObject({
        _tag: "Proxy",
        fault: {
          _tag: "AuthRequired",
          challenges: ['Basic realm="p"', "Negotiate"],
          response: { head: { status: 407 } }
        }
      })
      expect(error.message).toBe("the proxy proxy.example.com:8080 asks for other credentials")
      expect((yield* peer.rest).reason).toBe("Reset")
    }
  })

  test("HARDENING X03: a function is asked when the proxy wants some: one further attempt, on a new connection", function* () {
    const asked: Array<ReadonlyArray<string>> = []
    const answer = (challenges: ReadonlyArray<string>) => {
      asked.push(challenges)
      return Effect.succeed(Option.some(Redacted.make("Digest response=x")))
    }
    const { accept, connect } = yield* throughProxy(HttpProxy.layer({ ...options, auth: answer }))
    const connecting = yield* Effect.fork(connect())
    const first = yield* accept
    expect(yield* first.until("\r\n\r\n")).not.toContain("Proxy-Authorization")
    yield* first.write("HTTP/1.1 407 x\r\nProxy-Authenticate: Digest nonce=n\r\nContent-Length: 0\r\n\r\n")
    const second = yield* accept
    expect((yield* first.rest).reason).toBe("Reset")
    expect(yield* second.until("\r\n\r\n")).toContain("\r\nProxy-Authorization: Digest response=x\r\n")
    yield* second.write(established)
    yield* Fiber.join(connecting)
    expect(asked).toEqual([["Digest nonce=n"]])
    yield* second.duplex.abort
  })

  test("HARDENING X04: 407 for ever is tried once more only", function* () {
    const answer = () => Effect.succeed(Option.some(Redacted.make("Basic eA==")))
    const { accept, connect, targets } = yield* throughProxy(HttpProxy.layer({ ...options, auth: answer }))
    const connecting = yield* Effect.fork(connect())
    for (const _ of [1, 2]) {
      const peer = yield* accept
      yield* peer.until("\r\n\r\n")
      yield* peer.write("HTTP/1.1 407 x\r\nContent-Length: 0\r\n\r\n")
    }
    expect((yield* faultOf(connecting)).reason).toMatchObject({ fault: { _tag: "AuthRequired" } })
    expect(targets.length).toBe(2)
  })

  test("a function that has none leaves the refusal as it is, and is not asked for others", function* () {
    let asked = 0
    const none = () => Effect.sync(() => Option.as(Option.none(), asked++))
    const proxy = { ...options, auth: none as unknown as HttpProxy.ProxyAuth }
    const refused = yield* answered("HTTP/1.1 407 x\r\nContent-Length: 0\r\n\r\n", proxy)
    expect((yield* faultOf(refused.connecting)).reason).toMatchObject({ fault: { _tag: "AuthRequired" } })
    const other = yield* answered("HTTP/1.1 403 x\r\nContent-Length: 0\r\n\r\n", proxy)
    expect((yield* faultOf(other.connecting)).reason).toMatchObject({ fault: { _tag: "Refused" } })
    expect(asked).toBe(1)
  })
})

describe("before anything is sent", () => {
  for (const [option, proxy] of [
    ["proxy", { host: "", port: 1 }],
    ["proxy", { host: "a b", port: 1 }],
    ["proxy", { host: "a", port: 0 }],
    ["proxy", { host: "a", port: 65536 }],
    ["proxy", { host: "a\r\nX: y", port: 1 }],
    ["auth", { ...options, auth: { username: "a:b", password: Redacted.make("s3cr3t") } }],
    ["auth", { ...options, auth: { username: "a", password: Redacted.make("s3cr3t\r\n") } }]
  ] as const) {
    test(`${option} is checked: ${JSON.stringify(proxy)}`, function* () {
      const error = yield* Effect.flip(throughProxy(HttpProxy.layer(proxy)))
      expect(error).toMatchObject({ _tag: "OptionError", option })
      expect(String(error)).not.toContain("s3cr3t")
    })
  }

  test("wss: by itself is Unsupported: TLS goes above", function* () {
    const { connect, targets } = yield* throughProxy(HttpProxy.layer(options))
    expect(yield* Effect.flip(connect({ ...target, secure: true }))).toMatchObject({ reason: { _tag: "Unsupported" } })
    expect(targets).toEqual([])
  })
})

describe("HARDENING A29: interruption at any moment closes the connection to the proxy", () => {
  for (const part of ["", "HTTP/1.1 200", "HTTP/1.1 403 x\r\nContent-Length: 9\r\n\r\nhalf"]) {
    test(`after ${JSON.stringify(part)}`, function* () {
      const { connecting, peer } = yield* answered(part)
      yield* turns(4)
      expect(Exit.isInterrupted(yield* Fiber.interrupt(connecting))).toBe(true)
      expect((yield* peer.rest).reason).toBe("Reset")
    })
  }
})

describe("options from the configuration", () => {
  test("credentials are redacted there too", function* () {
    const layer = HttpProxy.layerConfig({
      host: Config.string("HOST"),
      port: Config.integer("PORT"),
      auth: { username: Config.string("USER"), password: Config.redacted("PASSWORD") }
    })
    const values = new Map([
      ["HOST", "proxy.example.com"],
      ["PORT", "8080"],
      ["USER", "anna"],
      ["PASSWORD", "hunter2"]
    ])
    const configured = Layer.provide(layer, Layer.setConfigProvider(ConfigProvider.fromMap(values)))
    const { accept, connect, targets } = yield* throughProxy(configured)
    yield* Effect.fork(connect())
    expect(yield* (yield* accept).until("\r\n\r\n")).toContain("Basic YW5uYTpodW50ZXIy")
    expect(targets).toMatchObject([options])
  })

  test("what is missing is a ConfigError", function* () {
    const layer = HttpProxy.layerConfig({ host: Config.string("HOST"), port: Config.integer("PORT") })
    const empty = Layer.provide(layer, Layer.setConfigProvider(ConfigProvider.fromMap(new Map())))
    expect(yield* Effect.flip(throughProxy(empty))).toMatchObject({ _op: "And", left: { _op: "MissingData" } })
  })
})

describe("the contract of a Transport, through a tunnel in memory", () => {
  /** Answers as a proxy, and then is the server itself. */
  const proxied = (wired: Wire): Effect.Effect<Duplex> =>
    Effect.orDie(
      Effect.as(
        Effect.zipRight(wired.until("\r\n\r\n"), wired.write(established)),
        prepend(wired.duplex, new Uint8Array(0))
      )
    )
  const listener = DuplexAdapter.mapListener((lower) => proxied(wire(lower)))
  const layer = Layer.provideMerge(Layer.merge(HttpProxy.layer(options), listener), MemoryTransport.layer)
  // The proxy of this test answers while `accept` runs: no connection can come before.
  for (const { effect, name } of transportContract.filter(({ name }) => !name.includes("before accept"))) {
    it.scopedLive(name, () => Effect.provide(effect, layer))
  }
})
