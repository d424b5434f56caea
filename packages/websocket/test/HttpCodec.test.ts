import { describe, expect } from "@effect/vitest"
import { Fields } from "@effect-websocket/protocol/http/Fields"
import * as ResponseHead from "@effect-websocket/protocol/http/ResponseHead"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/TestClock"
import * as HttpCodec from "../src/HttpCodec.js"
import { defaultsOf } from "../src/Limits.js"
import * as MemoryTransport from "../src/MemoryTransport.js"
import { test, turns } from "./support/leavesNothing.js"
import { request, switching } from "./support/sample.js"
import { octets, text, wire } from "./support/wire.js"

const limits = defaultsOf("server")

/** The codec, on one end of a pipe on whose other end the test is. */
const opened = (options?: MemoryTransport.MemoryLayerOptions) =>
  Effect.gen(function* () {
    const codec = yield* Effect.provide(HttpCodec.HttpCodec, HttpCodec.layer)
    const [near, far] = yield* MemoryTransport.pair(options)
    return { codec, duplex: far, peer: wire(near) }
  })

describe("HttpCodec reads one head, and gives back what came behind it", () => {
  for (const maxChunk of [1, 10, 10_000]) {
    test(`a request in chunks of ${maxChunk}`, function* () {
      const { codec, duplex, peer } = yield* opened({ maxChunk })
      yield* peer.write(`${request()}behind`)
      const { head, leftover } = yield* codec.readRequest(duplex, limits)
      expect(head).toMatchObject({ method: "GET", target: "/chat", version: "1.1" })
      const rest =
        leftover.length < 6 ? text(leftover) + (yield* wire(duplex).take(6 - leftover.length)) : text(leftover)
      expect(rest).toBe("behind")
    })

    test(`a response in chunks of ${maxChunk}`, function* () {
      const { codec, duplex, peer } = yield* opened({ maxChunk })
      yield* peer.write(switching())
      const { head } = yield* codec.readResponse(duplex, limits)
      expect(head).toMatchObject({ status: 101, reason: "Switching Protocols", version: "1.1" })
    })
  }

  test("begins with octets that were read already, and may need no others", function* () {
    const { codec, duplex, peer } = yield* opened()
    const first = yield* codec.readRequest(duplex, limits, octets(`${request()}x`))
    expect(text(first.leftover)).toBe("x")
    yield* peer.write(request({}, "ET /2 HTTP/1.1"))
    expect((yield* codec.readRequest(duplex, limits, octets("G"))).head.target).toBe("/2")
    expect((yield* codec.readResponse(duplex, limits, octets(switching()))).head.status).toBe(101)
  })

  test("interruption loses nothing that has not been read", function* () {
    const { codec, duplex, peer } = yield* opened()
    const reading = yield* Effect.fork(codec.readRequest(duplex, limits))
    yield* turns()
    yield* Fiber.interrupt(reading)
    yield* peer.write(request())
    expect((yield* codec.readRequest(duplex, limits)).head.target).toBe("/chat")
  })

  test("the effect may be run again: each run reads a head of its own", function* () {
    const { codec, duplex, peer } = yield* opened()
    const read = codec.readRequest(duplex, limits)
    yield* peer.write(request({}, "GET /1 HTTP/1.1"))
    expect((yield* read).head.target).toBe("/1")
    yield* peer.write(request({}, "GET /2 HTTP/1.1"))
    expect((yield* read).head.target).toBe("/2")
  })
})

describe("HttpCodec: what is no head", () => {
  test("a violation is a HandshakeError with its section", function* () {
    const { codec, duplex, peer } = yield* opened()
    yield* peer.write("GET\r\n")
    const error = yield* Effect.flip(codec.readRequest(duplex, limits))
    expect(error).toMatchObject({ _tag: "HandshakeError", role: "server", reason: { _tag: "HttpError", status: 400 } })
    expect(error.message).toMatch(/^RFC 9112 §3: /)
  })

  test("an end before the first octet of a request is EndOfStream", function* () {
    const { codec, duplex, peer } = yield* opened()
    yield* peer.duplex.end
    expect(yield* Effect.flip(codec.readRequest(duplex, limits))).toMatchObject({ reason: { _tag: "EndOfStream" } })
  })

  test("RFC 9112 §8: an end inside of a head, or before a response, is an incomplete message", function* () {
    for (const sent of ["G", ""]) {
      const { codec, duplex, peer } = yield* opened()
      yield* peer.write(sent)
      yield* peer.duplex.end
      const error =
        sent === ""
          ? yield* Effect.flip(codec.readResponse(duplex, limits))
          : yield* Effect.flip(codec.readRequest(duplex, limits))
      expect(error).toMatchObject({ _tag: "HandshakeError", reason: { violation: { kind: "EndedEarly" } } })
    }
  })

  test("a reset stays a TransportError, inside of a head too", function* () {
    for (const sent of ["", "GET"]) {
      const { codec, duplex, peer } = yield* opened()
      if (sent !== "") yield* peer.write(sent)
      yield* turns()
      const reading = yield* Effect.fork(Effect.flip(codec.readRequest(duplex, limits)))
      yield* turns()
      yield* peer.duplex.abort
      expect(yield* Fiber.join(reading)).toMatchObject({ _tag: "TransportError", reason: { _tag: "Reset" } })
    }
  })

  test("limits hold before the head is there", function* () {
    const { codec, duplex, peer } = yield* opened()
    yield* peer.write(`GET / HTTP/1.1\r\nX: ${"*".repeat(300)}`)
    const error = yield* Effect.flip(codec.readRequest(duplex, { ...limits, maxHeadSize: 256 }))
    expect(error).toMatchObject({ reason: { status: 431 } })
  })
})

describe("HttpCodec reads a body, and never fails", () => {
  const length = { _tag: "Length", length: 5 } as const
  const bounds = { maxSize: 10, within: 1000 }

  test("of the octets behind the head and those that come later", function* () {
    const { codec, duplex, peer } = yield* opened({ maxChunk: 2 })
    yield* peer.write("lo")
    const body = yield* codec.readBody(duplex, length, bounds, octets("hel"))
    expect([text(body.octets), body.fault]).toEqual(["hello", undefined])
  })

  test("without a pull when it is there already", function* () {
    const { codec, duplex } = yield* opened()
    const body = yield* codec.readBody(duplex, length, bounds, octets("hello more"))
    expect([text(body.octets), body.fault, text(body.leftover)]).toEqual(["hello", undefined, " more"])
  })

  test("until the deadline, which no octet prolongs", function* () {
    const { codec, duplex, peer } = yield* opened()
    const reading = yield* Effect.fork(codec.readBody(duplex, length, bounds, octets("")))
    for (const octet of "hel") {
      yield* peer.write(octet)
      yield* turns()
      yield* TestClock.adjust("333 millis")
    }
    expect((yield* Fiber.poll(reading))._tag).toBe("None")
    yield* TestClock.adjust("1 millis")
    const body = yield* Fiber.join(reading)
    expect([text(body.octets), body.fault]).toEqual(["hel", "Unfinished"])
  })

  test("until the end of the connection, in order or not", function* () {
    for (const [stop, fault] of [
      ["end", undefined],
      ["abort", "Broken"]
    ] as const) {
      const { codec, duplex, peer } = yield* opened()
      yield* peer.write("hello")
      yield* peer.duplex[stop]
      const body = yield* codec.readBody(duplex, { _tag: "UntilEnd" }, bounds, octets(""))
      expect([text(body.octets), body.fault]).toEqual(["hello", fault])
    }
  })
})

describe("HttpCodec writes a head, or nothing of it", () => {
  const response = (value: string, status = 200) => ({
    head: ResponseHead.make(status, Fields.from({ "X-A": value })),
    body: octets("body")
  })

  test("requests", function* () {
    const { codec, duplex, peer } = yield* opened()
    const fields = Fields.from({ Host: "a" })
    yield* codec.writeRequest(duplex, { method: "GET", target: "/", version: "1.1", fields })
    expect(yield* peer.until("\r\n\r\n")).toBe("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
  })

  test("responses, in one piece with their bodies", function* () {
    const { codec, duplex, peer } = yield* opened()
    yield* codec.writeResponse(duplex, response("1"))
    expect((yield* peer.duplex.pull).map(text)).toEqual(["HTTP/1.1 200 OK\r\nX-A: 1\r\n\r\nbody"])
  })

  for (const value of ["a\r\nX: y", "a\nb", "a\0b", "\u010a", "\u{1f600}"]) {
    test(`HARDENING A16: ${JSON.stringify(value)} is an OptionError, and nothing is written`, function* () {
      const { codec, duplex, peer } = yield* opened()
      const error = yield* Effect.flip(codec.writeResponse(duplex, response(value)))
      expect(error).toMatchObject({ _tag: "OptionError", option: "head" })
      expect(error.rule).toMatch(/^RFC 9110 §5.5: /)
      const fields = Fields.from({ "X-A": value })
      const head = { method: "GET", target: "/", version: "1.1", fields } as const
      expect(Exit.isFailure(yield* Effect.exit(codec.writeRequest(duplex, head)))).toBe(true)
      yield* duplex.end
      expect((yield* peer.rest).text).toBe("")
    })
  }

  for (const target of ["/a b", "/a\r\nX: y", "/é", ""]) {
    test(`HARDENING A19: the target ${JSON.stringify(target)} is an OptionError`, function* () {
      const { codec, duplex } = yield* opened()
      const head = { method: "GET", target, version: "1.1", fields: Fields.empty } as const
      expect((yield* Effect.flip(codec.writeRequest(duplex, head)))._tag).toBe("OptionError")
    })
  }

  test("a status that is none is an OptionError", function* () {
    const { codec, duplex } = yield* opened()
    expect((yield* Effect.flip(codec.writeResponse(duplex, response("1", 42))))._tag).toBe("OptionError")
  })
})
