import { describe, expect, it } from "@effect/vitest"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as DuplexAdapter from "../src/DuplexAdapter.js"
import * as MemoryTransport from "../src/MemoryTransport.js"
import * as Socks5 from "../src/Socks5.js"
import type { Duplex } from "../src/Transport.js"
import { transportContract } from "../src/testing/transportContract.js"
import type { TransportError } from "../src/WebSocketError.js"
import { test, turns } from "./support/leavesNothing.js"
import { hexText, target, throughProxy, toHex } from "./support/throughProxy.js"
import { text, type Wire, wire } from "./support/wire.js"

const options = { host: "proxy.example.com", port: 1080 }
const auth = { username: "anna", password: Redacted.make("hunter2") }
const succeeded = "05 00 00 01 00000000 0000"

/** The name of the target, as it stands in the request. */
const asked = `05 01 00 03 12 ${Buffer.from("server.example.com").toString("hex")} 01bb`.replaceAll(" ", "")

/** A dialogue: what is read from the client, and what it is answered. */
const dialogue = (peer: Wire, steps: ReadonlyArray<readonly [expected: string, answer: string]>) =>
  Effect.forEach(
    steps,
    ([expected, answer]) =>
      Effect.gen(function* () {
        const digits = expected.replaceAll(" ", "")
        expect(toHex(yield* peer.take(digits.length / 2))).toBe(digits)
        yield* peer.write(hexText(answer))
      }),
    { discard: true }
  )

const connected = (
  steps: ReadonlyArray<readonly [expected: string, answer: string]>,
  proxy: Socks5.Socks5Options = options
) =>
  Effect.gen(function* () {
    const { accept, connect } = yield* throughProxy(Socks5.layer(proxy))
    const connecting = yield* Effect.fork(connect())
    const peer = yield* accept
    yield* dialogue(peer, steps)
    return { connecting, peer }
  })

const reasonOf = (connecting: Fiber.Fiber<Duplex, TransportError>) =>
  Effect.map(Effect.flip(Fiber.join(connecting)), ({ reason }) => reason)

describe("RFC 1928: a connection through SOCKS 5", () => {
  test("the proxy is asked for the name, which it resolves, and then is the way to the target", function* () {
    const { connecting, peer } = yield* connected([
      ["05 01 00", "05 00"],
      [asked, succeeded]
    ])
    const ours = wire(yield* Fiber.join(connecting))
    yield* ours.write("to the server")
    expect(yield* peer.take(13)).toBe("to the server")
    yield* peer.write("to the client")
    expect(yield* ours.take(13)).toBe("to the client")
    yield* peer.duplex.abort
  })

  for (const [host, request] of [
    ["127.0.0.1", "05 01 00 01 7f000001 01bb"],
    ["::1", "05 01 00 04 00000000000000000000000000000001 01bb"]
  ] as const) {
    test(`§4: ${host} is an address, and no name`, function* () {
      const { accept, connect } = yield* throughProxy(Socks5.layer(options))
      const connecting = yield* Effect.fork(connect({ ...target, host }))
      const peer = yield* accept
      yield* dialogue(peer, [
        ["05 01 00", "05 00"],
        [request, succeeded]
      ])
      yield* Fiber.join(connecting)
      yield* peer.duplex.abort
    })
  }

  for (const [name, reply] of [
    ["an IPv4 address", succeeded],
    ["an IPv6 address", `05 00 00 04 ${"00".repeat(16)} 0000`],
    ["a name", "05 00 00 03 01 61 0000"],
    ["HARDENING X14: a name of no octets", "05 00 00 03 00 0000"]
  ] as const) {
    test(`§6: the proxy may be bound to ${name}; HARDENING X15: octets that come with the reply are kept`, function* () {
      const { connecting, peer } = yield* connected([
        ["05 01 00", "05 00"],
        [asked, `${reply}${Buffer.from("early").toString("hex")}`]
      ])
      expect(yield* wire(yield* Fiber.join(connecting)).take(5)).toBe("early")
      yield* peer.duplex.abort
    })
  }

  test("HARDENING X15: answers may come octet by octet", function* () {
    const { accept, connect } = yield* throughProxy(Socks5.layer(options))
    const connecting = yield* Effect.fork(connect())
    const peer = yield* accept
    yield* peer.take(3)
    for (const octet of hexText(`05 00 ${succeeded}`)) {
      yield* peer.write(octet)
      yield* turns(4)
    }
    yield* Fiber.join(connecting)
    yield* peer.duplex.abort
  })
})

describe("RFC 1929: user name and password", () => {
  const given = "01 04 616e6e61 07 68756e74657232"

  test("are offered, and sent when the proxy asks for them", function* () {
    const { connecting, peer } = yield* connected(
      [
        ["05 02 00 02", "05 02"],
        [given, "01 00"],
        [asked, succeeded]
      ],
      { ...options, auth }
    )
    yield* Fiber.join(connecting)
    yield* peer.duplex.abort
  })

  test("are not sent to a proxy that does not want them", function* () {
    const { connecting, peer } = yield* connected(
      [
        ["05 02 00 02", "05 00"],
        [asked, succeeded]
      ],
      { ...options, auth }
    )
    yield* Fiber.join(connecting)
    yield* peer.duplex.abort
  })

  for (const [name, steps, proxy] of [
    ["none is accepted", [["05 01 00", "05 ff"]], options],
    [
      "HARDENING X12: they are not accepted",
      [
        ["05 02 00 02", "05 02"],
        [given, "01 01"]
      ],
      { ...options, auth }
    ]
  ] as const) {
    test(`${name}: AuthRequired, which tells no secret`, function* () {
      const { connecting, peer } = yield* connected(steps, proxy)
      const error = yield* Effect.flip(Fiber.join(connecting))
      expect(error.reason).toMatchObject({ _tag: "Proxy", fault: { _tag: "AuthRequired", challenges: [] } })
      expect(`${error.message} ${JSON.stringify(error)}`).not.toContain("hunter2")
      expect((yield* peer.rest).reason).toBe("Reset")
    })
  }
})

describe("RFC 1928 §6: a proxy that does not connect", () => {
  for (let code = 1; code <= 9; code++) {
    test(`HARDENING X13: reply ${code}`, function* () {
      const { connecting, peer } = yield* connected([
        ["05 01 00", "05 00"],
        [asked, `05 0${code} 00 01 00000000 0000`]
      ])
      const error = yield* Effect.flip(Fiber.join(connecting))
      expect(error.reason).toMatchObject({ _tag: "Proxy", fault: { _tag: "SocksReply", code } })
      expect(error.message).toMatch(/^the proxy proxy\.example\.com:1080 did not connect: .* \(\d\)$/)
      expect((yield* peer.rest).reason).toBe("Reset")
    })
  }
})

describe("a proxy that breaks rules is Malformed", () => {
  for (const [name, steps, proxy] of [
    ["HARDENING X11: another version", [["05 01 00", "04 00"]], options],
    ["HARDENING X11: a method that was not offered", [["05 01 00", "05 02"]], options],
    ["a method that nobody offered", [["05 02 00 02", "05 01"]], { ...options, auth }],
    [
      "another version of the answer to credentials",
      [
        ["05 02 00 02", "05 02"],
        ["01 04 616e6e61 07 68756e74657232", "05 00"]
      ],
      { ...options, auth }
    ],
    [
      "another version of the reply",
      [
        ["05 01 00", "05 00"],
        [asked, "04 00 00 01 00000000 0000"]
      ],
      options
    ],
    [
      "HARDENING X14: an unknown type of address",
      [
        ["05 01 00", "05 00"],
        [asked, "05 00 00 09 00000000 0000"]
      ],
      options
    ]
  ] as const) {
    test(name, function* () {
      const { connecting, peer } = yield* connected(steps, proxy)
      expect(yield* reasonOf(connecting)).toMatchObject({ _tag: "Proxy", fault: { _tag: "Malformed" } })
      expect((yield* peer.rest).reason).toBe("Reset")
    })
  }

  for (const part of ["", "05", "05 00 05 00 00 03 0a 6162"]) {
    test(`HARDENING X14: an end after ${part === "" ? "nothing" : part}`, function* () {
      const { accept, connect } = yield* throughProxy(Socks5.layer(options))
      const connecting = yield* Effect.fork(connect())
      const peer = yield* accept
      yield* peer.take(3)
      yield* peer.write(hexText(part))
      yield* peer.duplex.end
      expect(yield* reasonOf(connecting)).toMatchObject({
        _tag: "Proxy",
        fault: { _tag: "Malformed", rule: "an answer of the proxy is whole" }
      })
    })
  }

  test("a reset stays what it is", function* () {
    const { connecting, peer } = yield* connected([["05 01 00", ""]])
    yield* peer.duplex.abort
    expect((yield* reasonOf(connecting))._tag).toBe("Reset")
  })
})

describe("before anything is sent", () => {
  const long = "x".repeat(256)
  for (const [name, option, proxy] of [
    ["a place", "proxy", { host: "a b", port: 1 }],
    ["HARDENING X16: a user name of 256 octets", "auth", { ...options, auth: { ...auth, username: long } }],
    [
      "HARDENING X16: a password of 256 octets",
      "auth",
      { ...options, auth: { ...auth, password: Redacted.make(long) } }
    ],
    ["an empty user name", "auth", { ...options, auth: { ...auth, username: "" } }],
    ["an empty password", "auth", { ...options, auth: { ...auth, password: Redacted.make("") } }]
  ] as const) {
    test(`${name} is an OptionError`, function* () {
      const error = yield* Effect.flip(throughProxy(Socks5.layer(proxy)))
      expect(error).toMatchObject({ _tag: "OptionError", option })
    })
  }

  test("HARDENING X16: a host of 256 octets is Unsupported", function* () {
    const { connect, targets } = yield* throughProxy(Socks5.layer(options))
    expect(yield* Effect.flip(connect({ ...target, host: long }))).toMatchObject({ reason: { _tag: "Unsupported" } })
    expect(targets).toEqual([])
  })

  test("wss: by itself is Unsupported: TLS goes above", function* () {
    const { connect, targets } = yield* throughProxy(Socks5.layer(options))
    expect(yield* Effect.flip(connect({ ...target, secure: true }))).toMatchObject({ reason: { _tag: "Unsupported" } })
    expect(targets).toEqual([])
  })
})

describe("HARDENING A29: interruption at any moment closes the connection to the proxy", () => {
  for (const steps of [[], [["05 01 00", "05"]], [["05 01 00", "05 00"]]] as const) {
    test(`after ${steps.map(([, answer]) => answer).join()}`, function* () {
      const { connecting, peer } = yield* connected(steps)
      yield* turns(4)
      expect(Exit.isInterrupted(yield* Fiber.interrupt(connecting))).toBe(true)
      expect((yield* peer.rest).reason).toBe("Reset")
    })
  }
})

describe("options from the configuration", () => {
  test("say which proxy", function* () {
    const layer = Socks5.layerConfig({ host: Config.string("HOST"), port: Config.integer("PORT") })
    const values = new Map([
      ["HOST", "proxy.example.com"],
      ["PORT", "1080"]
    ])
    const provider = Layer.setConfigProvider(ConfigProvider.fromMap(values))
    const { accept, connect, targets } = yield* throughProxy(Layer.provide(layer, provider))
    yield* Effect.fork(connect())
    yield* (yield* accept).take(3)
    expect(targets).toMatchObject([options])
  })
})

describe("the contract of a Transport, through SOCKS in memory", () => {
  /** Answers as a proxy, and then is the server itself. */
  const proxied = (wired: Wire): Effect.Effect<Duplex> =>
    Effect.gen(function* () {
      yield* wired.take(3)
      yield* wired.write(hexText("05 00"))
      const { length = 0 } = { length: text(Buffer.from(yield* wired.take(5), "latin1")).charCodeAt(4) }
      yield* wired.take(length + 2)
      yield* wired.write(hexText(succeeded))
      return wired.duplex
    }).pipe(Effect.orDie)
  const listener = DuplexAdapter.mapListener((lower) => proxied(wire(lower)))
  const layer = Layer.provideMerge(Layer.merge(Socks5.layer(options), listener), MemoryTransport.layer)
  // The proxy of this test answers while `accept` runs: no connection can come before.
  for (const { effect, name } of transportContract.filter(({ name }) => !name.includes("before accept"))) {
    it.scopedLive(name, () => Effect.provide(effect, layer))
  }
})
