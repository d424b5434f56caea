import { describe, expect } from "@effect/vitest"
import * as RequestHead from "@effect-websocket/protocol/http/RequestHead"
import * as ResponseHead from "@effect-websocket/protocol/http/ResponseHead"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as TestClock from "effect/TestClock"
import { Handshake, isUpgrade, pathOf, queryOf, reject } from "../src/Handshake.js"
import * as Limits from "../src/Limits.js"
import * as MemoryTransport from "../src/MemoryTransport.js"
import * as WebSocket from "../src/WebSocket.js"
import { acceptanceOf, refusalOf } from "./support/answering.js"
import { ask, errorOf, uriOf } from "./support/asking.js"
import { test, turns } from "./support/leavesNothing.js"
import { type Changes, request, sampleEntropy, switching } from "./support/sample.js"
import { wire } from "./support/wire.js"

const uri = uriOf("ws://server.example.com/chat?token=s3cr3t")

/** Both roles, with both ends of a pipe. */
const both = (options?: MemoryTransport.MemoryLayerOptions) =>
  Effect.gen(function* () {
    const handshake = yield* Effect.provide(Handshake, WebSocket.layer)
    const [near, far] = yield* MemoryTransport.pair(options)
    return { handshake, near, far }
  })

describe("what a client asks for, a server understands", () => {
  test("RFC 9112 §3.2: path and query of the target, in origin form and in absolute form", function* () {
    for (const target of ["/chat?room=tea", "ws://server.example.com/chat?room=tea"]) {
      const request = { head: { target } }
      expect([pathOf(request), queryOf(request)]).toEqual(["/chat", "room=tea"])
    }
    yield* Effect.void
  })

  for (const maxChunk of [1, 10_000]) {
    test(`both have negotiated the same, in chunks of ${maxChunk}`, function* () {
      const { far, handshake, near } = yield* both({ maxChunk })
      const options = { subprotocols: ["a", "b"], fields: { "X-A": "1" } }
      const [negotiated, accepted] = yield* Effect.all(
        [handshake.client(near, uri, options), handshake.server(far, { subprotocols: ["b"] })],
        { concurrency: 2 }
      )
      expect([negotiated.subprotocol, accepted.negotiated.subprotocol]).toEqual(["b", "b"])
      expect([...negotiated.request.fields]).toEqual([...accepted.negotiated.request.fields])
      expect([...negotiated.response.fields]).toEqual([...accepted.negotiated.response.fields])
      expect(accepted.negotiated.request.target).toBe("/chat?token=s3cr3t")
    })
  }

  test("PARITY S9, CH-14: a further attempt on the same connection, in both roles", function* () {
    const { far, handshake, near } = yield* both()
    const serving = Effect.gen(function* () {
      const first = yield* Effect.flip(
        handshake.server(far, {
          keepAlive: "allow",
          authorize: () => Effect.fail(reject({ status: 401, body: "who?" }))
        })
      )
      if (first._tag !== "HandshakeError") return yield* Effect.dieMessage(first.message)
      expect(first.keepAlive).toBe(true)
      return yield* handshake.server(far, {}, { octets: first.leftover })
    })
    const server = yield* Effect.fork(serving)
    const first = yield* Effect.flip(handshake.client(near, uri))
    expect(first).toMatchObject({ _tag: "HandshakeError", keepAlive: true, reason: { _tag: "UpgradeDeclined" } })
    const negotiated = yield* handshake.client(near, uri, { fields: { Authorization: "Bearer x" } })
    const accepted = yield* Fiber.join(server)
    expect(negotiated.response.status).toBe(101)
    expect(accepted.negotiated.request.fields.get("Authorization")).toBe("Bearer x")
    const key = (fields: Option.Option<RequestHead.RequestHead>) =>
      Option.getOrThrow(fields).fields.get("Sec-WebSocket-Key")
    if (first._tag === "HandshakeError") {
      expect(key(first.request)).not.toBe(key(Option.some(negotiated.request)))
    }
  })

  test("PARITY Q10: a failed attempt leaves no deadline behind, which could end a later one", function* () {
    const { far, handshake, near } = yield* both()
    const server = wire(far)
    const ask = Effect.provide(
      handshake.client(near, uri, { limits: { handshakeTimeout: "1 minutes" } }),
      sampleEntropy
    )
    const first = yield* Effect.fork(Effect.flip(ask))
    yield* server.until("\r\n\r\n")
    yield* server.write("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")
    expect(yield* Fiber.join(first)).toMatchObject({ keepAlive: true })
    yield* TestClock.adjust("50 seconds")
    const second = yield* Effect.fork(ask)
    yield* server.until("\r\n\r\n")
    yield* TestClock.adjust("50 seconds")
    yield* server.write(switching())
    expect((yield* Fiber.join(second)).response.status).toBe(101)
  })

  test("the connection is left open by both, whatever the outcome", function* () {
    const { far, handshake, near } = yield* both()
    const server = yield* Effect.fork(Effect.exit(handshake.server(far, { hosts: [] })))
    yield* Effect.exit(handshake.client(near, uri))
    yield* Fiber.join(server)
    yield* wire(near).write("still")
    expect(yield* wire(far).take(5)).toBe("still")
  })
})

describe("HARDENING T01: the deadline of a server is a total", () => {
  test("T01: a client that says nothing", function* () {
    const { far, handshake } = yield* both()
    const serving = yield* Effect.fork(Effect.flip(handshake.server(far)))
    yield* turns()
    yield* TestClock.adjust("30 seconds")
    expect(yield* Fiber.join(serving)).toMatchObject({ _tag: "TimeoutError", phase: "Handshake" })
  })

  test("T02: one octet of the head every second does not prolong it", function* () {
    const { far, handshake, near } = yield* both()
    const serving = yield* Effect.fork(
      Effect.flip(handshake.server(far, { limits: { handshakeTimeout: "5 seconds" } }))
    )
    const client = wire(near)
    for (const octet of request().slice(0, 5)) {
      expect((yield* Fiber.poll(serving))._tag).toBe("None")
      yield* client.write(octet)
      yield* turns()
      yield* TestClock.adjust("1 seconds")
    }
    const error = yield* Fiber.join(serving)
    expect(error.message).toBe("waited 5s for the opening handshake (RFC 6455 §4)")
  })

  test("a policy that is slow is interrupted", function* () {
    const { far, handshake, near } = yield* both()
    const events: Array<string> = []
    const authorize = () => Effect.onInterrupt(Effect.never, () => Effect.sync(() => events.push("interrupted")))
    const serving = yield* Effect.fork(Effect.flip(handshake.server(far, { authorize })))
    yield* wire(near).write(request())
    yield* turns()
    yield* TestClock.adjust("30 seconds")
    expect((yield* Fiber.join(serving))._tag).toBe("TimeoutError")
    expect(events).toEqual(["interrupted"])
  })

  test("limits come from the layer, and from the options first", function* () {
    const { far, handshake } = yield* both()
    const limits = Limits.layer({ handshakeTimeout: "1 seconds", maxHeadSize: -1 })
    const options = { limits: { maxHeadSize: 1000 } }
    expect(yield* Effect.flip(Effect.provide(handshake.server(far), limits))).toMatchObject({
      option: "limits.maxHeadSize"
    })
    const ambient = Limits.layer({ handshakeTimeout: "1 seconds" })
    const serving = yield* Effect.fork(Effect.flip(Effect.provide(handshake.server(far, options), ambient)))
    yield* turns()
    yield* TestClock.adjust("1 seconds")
    expect((yield* Fiber.join(serving))._tag).toBe("TimeoutError")
  })
})

describe("interruption of a handshake", () => {
  test("of a client, at each octet of the response: nothing goes on", function* () {
    for (let count = 0; count < switching().length; count += 16) {
      const { far, handshake, near } = yield* both()
      const asking = yield* Effect.fork(handshake.client(near, uri))
      yield* wire(far).until("\r\n\r\n")
      yield* wire(far).write(switching().slice(0, count))
      yield* turns(4)
      expect((yield* Fiber.interrupt(asking))._tag).toBe("Failure")
    }
  })

  test("of a server, at each octet of the request: nothing goes on, and nothing was answered", function* () {
    for (let count = 0; count < request().length; count += 16) {
      const { far, handshake, near } = yield* both()
      const serving = yield* Effect.fork(handshake.server(far))
      yield* wire(near).write(request().slice(0, count))
      yield* turns(4)
      yield* Fiber.interrupt(serving)
      yield* far.end
      expect((yield* wire(near).rest).text).toBe("")
    }
  })
})

describe("isUpgrade (PARITY S12)", () => {
  const headOf = (changes: Changes, line?: string) =>
    Effect.map(acceptanceOf(request()), ({ accepted }) => accepted.negotiated.request).pipe(
      Effect.map((head) => ({ ...head, ...(line === undefined ? {} : { method: line }) })),
      Effect.map((head) => ({
        ...head,
        fields: Object.entries(changes).reduce(
          (fields, [name, value]) => (value === undefined ? fields.delete(name) : fields.set(name, String(value))),
          head.fields
        )
      }))
    )

  for (const [name, changes, method, expected] of [
    ["the request of §1.3", {}, undefined, true],
    ["without a key, which is checked later", { "Sec-WebSocket-Key": undefined }, undefined, true],
    ["one of several protocols", { Upgrade: "h2c, websocket" }, undefined, true],
    ["POST", {}, "POST", false],
    ["no Connection", { Connection: undefined }, undefined, false],
    ["no Upgrade", { Upgrade: undefined }, undefined, false],
    ["another protocol", { Upgrade: "h2c" }, undefined, false]
  ] as const) {
    test(`S12: ${name}`, function* () {
      expect(isUpgrade(yield* headOf(changes, method))).toBe(expected)
    })
  }

  test("S12: HTTP/1.0 has no upgrade", function* () {
    expect(isUpgrade({ ...(yield* headOf({})), version: "1.0" })).toBe(false)
  })
})

describe("HARDENING G02: no secret is part of an error's message", () => {
  const secrets = ["s3cr3t", "c00kie", "hunter2", "aHVudGVyMg", "pr0xy"]
  const fields = {
    Authorization: "Bearer s3cr3t",
    Cookie: "session=c00kie",
    "Proxy-Authorization": "Basic pr0xy"
  }
  const userinfo = uriOf("ws://anna:hunter2@server.example.com/chat?token=s3cr3t")

  test("of a client", function* () {
    for (const response of [
      "HTTP/1.1 401 x\r\nSet-Cookie: session=c00kie\r\nContent-Length: 6\r\n\r\ns3cr3t",
      switching({ Upgrade: undefined, "Set-Cookie": "session=c00kie" }),
      "s3cr3t\r\n\r\n"
    ]) {
      const error = yield* errorOf(response, { fields }, { uri: userinfo })
      const shown = [error.message, String(error), Cause.pretty(Cause.fail(error))]
      const heads = [RequestHead.format(Option.getOrThrow(error.request))]
      if (Option.isSome(error.response)) heads.push(ResponseHead.format(error.response.value.head))
      for (const secret of secrets) expect([...shown, ...heads].join("\n")).not.toContain(secret)
      expect(heads[0]).toContain("GET /chat?*** HTTP/1.1")
    }
  })

  test("of a server", function* () {
    for (const changes of [{ Upgrade: "s3cr3t" }, { "Sec-WebSocket-Key": "s3cr3t" }, { Origin: "http://s3cr3t" }]) {
      const sent = request({ ...fields, ...changes }, "GET /chat?token=s3cr3t HTTP/1.1")
      const { error } = yield* refusalOf(sent)
      const shown = [error.message, String(error), Cause.pretty(Cause.fail(error))].join("\n")
      for (const secret of secrets) expect(shown).not.toContain(secret)
    }
  })

  test("of an option", function* () {
    const { exit } = yield* ask(switching(), { fields: { Authorization: "s3cr3t\n" } })
    const error = yield* Effect.flip(exit)
    expect([error.message, String(error)].join("\n")).not.toContain("s3cr3t")
  })
})

describe("Handshake as a layer", () => {
  test("may be another one: the services above do not notice", function* () {
    const { handshake } = yield* both()
    const other = Layer.succeed(Handshake, { ...handshake, client: () => Effect.dieMessage("not today") })
    const [near] = yield* MemoryTransport.pair()
    const exit = yield* Effect.exit(
      Effect.flatMap(Handshake, ({ client }) => client(near, uri)).pipe(
        Effect.provide(Layer.merge(other, sampleEntropy))
      )
    )
    expect(exit._tag).toBe("Failure")
  })
})
