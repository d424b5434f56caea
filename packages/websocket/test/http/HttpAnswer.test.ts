import { describe, expect, it } from "@effect/vitest"
import { Fields } from "@effect-websocket/protocol/http/Fields"
import * as ResponseHead from "@effect-websocket/protocol/http/ResponseHead"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/TestClock"
import { dated, framed, toResponse } from "../../src/http/HttpAnswer.js"

const pairs = (fields: Fields) => [...fields].map(({ name, value }) => `${name}: ${value}`)
const type = "Content-Type: text/plain; charset=utf-8"

describe("toResponse", () => {
  for (const [name, answer, fields, body] of [
    ["no body", { status: 200 }, [], ""],
    ["a text", { status: 200, body: "\u20ac" }, [type], "\u20ac"],
    ["an empty text", { status: 200, body: "" }, [], ""],
    ["octets", { status: 200, body: Uint8Array.of(104, 105) }, [], "hi"],
    ["a text with its type", { status: 200, body: "x", fields: { "content-type": "a/b" } }, ["content-type: a/b"], "x"]
  ] as const) {
    it(name, () => {
      const response = toResponse(answer)
      expect(pairs(response.head.fields)).toEqual(fields)
      expect(Buffer.from(response.body).toString()).toBe(body)
      expect(response.head).toMatchObject({ version: "1.1", status: 200, reason: "OK" })
    })
  }
})

describe("RFC 9112 §6: framed", () => {
  const fields = { "Content-Length": "99", "transfer-encoding": "chunked", connection: "x", "X-A": "1" }
  const response = (status: number) => ({
    head: ResponseHead.make(status, Fields.from(fields)),
    body: Uint8Array.of(1, 2)
  })

  it("has the length of the body, and says whether another request may follow", () => {
    const kept = framed(response(200), true)
    expect(pairs(kept.head.fields)).toEqual(["Connection: keep-alive", "X-A: 1", "Content-Length: 2"])
    expect(framed(response(200), false).head.fields.get("Connection")).toBe("close")
    expect([...kept.body]).toEqual([1, 2])
  })

  for (const status of [204, 304]) {
    it(`RFC 9110 §6.4.1: ${status} has no body`, () => {
      const { body, head } = framed(response(status), true)
      expect(pairs(head.fields)).toEqual(["Connection: keep-alive", "X-A: 1"])
      expect(body.length).toBe(0)
    })
  }

  it("RFC 9110 §15.3.6: 205 has a body of no octets", () => {
    const { body, head } = framed(response(205), true)
    expect([head.fields.get("Content-Length"), body.length]).toEqual(["0", 0])
  })
})

describe("RFC 9110 §6.6.1: dated", () => {
  it.effect("has the time of the Clock, as an IMF-fixdate", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(784_111_777_000)
      const { body, head } = yield* dated(toResponse({ status: 404, body: "x" }))
      expect(head.fields.get("Date")).toBe("Sun, 06 Nov 1994 08:49:37 GMT")
      expect(body.length).toBe(1)
    })
  )

  it.effect("leaves the time that the application has given", () =>
    Effect.gen(function* () {
      const response = toResponse({ status: 200, fields: { date: "Sun, 06 Nov 1994 08:49:37 GMT" } })
      expect(yield* dated(response)).toBe(response)
    })
  )
})
