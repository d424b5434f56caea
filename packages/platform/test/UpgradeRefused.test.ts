import * as Cookies from "@effect/platform/Cookies"
import * as Respondable from "@effect/platform/HttpServerRespondable"
import { describe, expect, it } from "@effect/vitest"
import { Fields } from "@effect-websocket/protocol/http/Fields"
import * as ResponseHead from "@effect-websocket/protocol/http/ResponseHead"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { HandshakeError } from "effect-websocket/WebSocketError"
import { toServerResponse, UpgradeRefused } from "../src/UpgradeRefused.js"

const encode = (text: string) => new TextEncoder().encode(text)

const refused = (fields: ReadonlyArray<readonly [string, string]>, body = "") =>
  new HandshakeError({
    role: "server",
    reason: { _tag: "ServerBusy", section: "RFC 9110 §15.6.4", rule: "too many", retryAfter: 1 },
    request: Option.none(),
    response: Option.some({ head: ResponseHead.make(503, Fields.from(fields)), body: encode(body) }),
    keepAlive: false,
    leftover: new Uint8Array(0)
  })

describe("UpgradeRefused", () => {
  it.effect("is a HandshakeError that answers with its response", () =>
    Effect.gen(function* () {
      const error = UpgradeRefused.of(refused([["Retry-After", "1"]], "later"))
      expect(error).toBeInstanceOf(HandshakeError)
      expect([error._tag, error.reason._tag, error.message]).toEqual([
        "HandshakeError",
        "ServerBusy",
        "RFC 9110 §15.6.4: too many (status 503)"
      ])
      const { headers, status } = yield* Respondable.toResponse(error)
      expect([status, headers["retry-after"]]).toEqual([503, "1"])
    })
  )

  it.effect("without a response it is 500", () =>
    Effect.gen(function* () {
      const error = new UpgradeRefused({ ...UpgradeRefused.of(refused([])), response: Option.none() })
      expect((yield* Respondable.toResponse(error)).status).toBe(500)
    })
  )
})

describe("toServerResponse", () => {
  it("keeps fields, values of one name together, and leaves the framing to the server", () => {
    const { headers } = toServerResponse({
      head: ResponseHead.make(
        401,
        Fields.from([
          ["WWW-Authenticate", "Basic"],
          ["Content-Length", "99"],
          ["www-authenticate", "Bearer"],
          ["Transfer-Encoding", "chunked"],
          ["Connection", "close"]
        ])
      ),
      body: encode("who?")
    })
    expect(headers).toEqual({
      "www-authenticate": "Basic, Bearer",
      connection: "close",
      "content-length": "4",
      "content-type": "application/octet-stream"
    })
  })

  it("keeps the type of the body, and cookies as cookies", () => {
    const { body, cookies, headers } = toServerResponse({
      head: ResponseHead.make(
        403,
        Fields.from([
          ["Content-Type", "text/plain"],
          ["Set-Cookie", "a=1; Path=/"],
          ["Set-Cookie", "b=2"]
        ])
      ),
      body: encode("no")
    })
    expect([headers["content-type"], body._tag]).toEqual(["text/plain", "Uint8Array"])
    expect(Cookies.toSetCookieHeaders(cookies)).toEqual(["a=1; Path=/", "b=2"])
  })

  it("without a body there is none", () => {
    expect(toServerResponse({ head: ResponseHead.make(426, Fields.empty), body: encode("") }).body._tag).toBe("Empty")
  })
})
