import { describe, expect, it } from "@effect/vitest"
import { Fields } from "@effect-websocket/protocol/http/Fields"
import * as ResponseHead from "@effect-websocket/protocol/http/ResponseHead"
import * as Effect from "effect/Effect"
import { Rejected, reject } from "../../src/handshake/Rejected.js"
import { answerTo, refusalOf } from "../support/answering.js"
import { test } from "../support/leavesNothing.js"
import { fieldOf, parseResponse, request } from "../support/sample.js"

const policy = (rejected: Rejected) => ({ authorize: () => Effect.fail(rejected) })

describe("reject", () => {
  for (const [name, rejection, body, type] of [
    ["nothing", { status: 403 }, "", undefined],
    ["a text", { status: 403, body: "schlo\u00df" }, "schlo\u00df", "text/plain; charset=utf-8"],
    ["an empty text", { status: 403, body: "" }, "", undefined],
    ["octets", { status: 403, body: Uint8Array.of(104, 105) }, "hi", undefined],
    [
      "a text with its type",
      { status: 403, body: "{}", fields: { "content-type": "application/json" } },
      "{}",
      "application/json"
    ]
  ] as const) {
    it(`has the body and the type of ${name}`, () => {
      const { response } = reject(rejection)
      expect(Buffer.from(response.body).toString()).toBe(body)
      expect(response.head.fields.get("Content-Type")).toBe(type)
      expect(response.head).toMatchObject({ version: "1.1", status: 403, reason: "Forbidden" })
    })
  }

  it("says its status, and nothing else", () => {
    expect(reject({ status: 401, body: "secret" }).message).toBe("refused with status 401")
  })

  test("a redirection is sent as it is", function* () {
    const { answer } = yield* refusalOf(request(), policy(reject({ status: 307, fields: { Location: "wss://b/" } })))
    expect(answer.status).toBe(307)
    expect(fieldOf(answer, "Location")).toBe("wss://b/")
  })

  test("the framing of the answer is ours, also of a response made by hand", function* () {
    const fields = Fields.from({ "Transfer-Encoding": "chunked", "Content-Length": "99", Connection: "upgrade" })
    const response = { head: ResponseHead.make(403, fields), body: Uint8Array.of(104, 105) }
    for (const rejected of [reject({ status: 403, body: "hi", fields }), new Rejected({ response })]) {
      const { answer } = yield* refusalOf(request(), policy(rejected))
      expect(answer).toMatchObject({ body: "hi", rest: "" })
      expect(fieldOf(answer, "Connection")).toBe("close")
      expect(answer.fields.has("transfer-encoding")).toBe(false)
    }
  })

  for (const status of [101, 100, 200, 204, 299, 600, 42, Number.NaN]) {
    test(`the status ${status} refuses nothing: OptionError, 500`, function* () {
      const { exit, written } = yield* answerTo(request(), policy(reject({ status })))
      expect(yield* Effect.flip(exit)).toMatchObject({ _tag: "OptionError", option: "status" })
      expect(parseResponse(written)).toMatchObject({ status: 500, rest: "" })
    })
  }

  test("what may not stand in a head is our mistake: OptionError, 500", function* () {
    const { exit, written } = yield* answerTo(request(), policy(reject({ status: 403, fields: { a: "b\r\nc: d" } })))
    expect((yield* Effect.flip(exit))._tag).toBe("OptionError")
    expect(parseResponse(written)).toMatchObject({ status: 500, rest: "" })
  })
})
