import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Fields } from "../../src/http/Fields.js"
import { HeadDecoder } from "../../src/http/HeadDecoder.js"
import { isHttpViolation } from "../../src/http/HttpViolation.js"
import { decodeLine, encode, format, type RequestHead } from "../../src/http/RequestHead.js"
import { latin1 } from "../support/everyWay.js"
import { fields, reading, requestHead } from "../support/heads.js"

const request = (part: Partial<RequestHead>): RequestHead => ({
  method: "GET",
  target: "/chat",
  version: "1.1",
  fields: Fields.empty,
  ...part
})

const decoded = (line: string, maxTargetSize = 100) => {
  const start = decodeLine(line, maxTargetSize)
  return isHttpViolation(start) ? start : start(fields)
}

describe("RFC 9112 §3 request-line = method SP request-target SP HTTP-version", () => {
  it.each([
    ["GET /where?q=now HTTP/1.1", "GET", "/where?q=now", "1.1"],
    ["OPTIONS * HTTP/1.1", "OPTIONS", "*", "1.1"],
    ["CONNECT www.example.com:80 HTTP/1.1", "CONNECT", "www.example.com:80", "1.1"],
    ["GET http://www.example.org/pub HTTP/1.0", "GET", "http://www.example.org/pub", "1.0"],
    ["get // HTTP/1.1", "get", "//", "1.1"]
  ])("%j", (line, method, target, version) => {
    expect(decoded(line)).toEqual({ method, target, version, fields })
  })

  it.each([
    ["nothing", ""],
    ["HTTP/0.9", "GET /chat"],
    ["a method alone", "GET"],
    ["two spaces behind the method", "GET  /chat HTTP/1.1"],
    ["two spaces before the version", "GET /chat  HTTP/1.1"],
    ["a space at the end", "GET /chat HTTP/1.1 "],
    ["a space before the method", " GET /chat HTTP/1.1"],
    ["a space in the target", "GET /a b HTTP/1.1"],
    ["tabs", "GET\t/chat\tHTTP/1.1"],
    ["a tab in the target", "GET /\tchat HTTP/1.1"],
    ["no target", "GET HTTP/1.1"],
    ["raw UTF-8 in the target", "GET /caf\xc3\xa9 HTTP/1.1"],
    ["a fragment in the target", "GET /chat#x HTTP/1.1"],
    ["a method that is no token", "G(T /chat HTTP/1.1"],
    ["another protocol", "GET /chat ICY/1.1"],
    ["a version in small letters", "GET /chat http/1.1"],
    ["a response", "HTTP/1.1 200 OK"],
    ["SSH", "SSH-2.0-OpenSSH_9.0"]
  ])("%s SHOULD be refused with 400", (_, line) => {
    expect(decoded(line)).toMatchObject({ kind: "Syntax", status: 400 })
  })

  it("refuses other versions with 505", () => {
    expect(decoded("PRI * HTTP/2.0")).toMatchObject({ kind: "Version", status: 505 })
  })

  it("MUST refuse a target over the limit with 414", () => {
    expect(decoded("GET /234 HTTP/1.1", 4)).toEqual({ method: "GET", target: "/234", version: "1.1", fields })
    expect(decoded("GET /2345 HTTP/1.1", 4)).toMatchObject({ kind: "TargetTooLong", status: 414 })
  })
})

describe("RFC 9112 §3 the octets of a request", () => {
  it("are its lines", () => {
    const head = request({ fields: Fields.from({ Host: "a", Upgrade: "websocket" }) })
    expect(encode(head)).toEqual(latin1("GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n"))
  })

  it("decode(encode(head)) = head", () => {
    const limits = { maxHeadSize: 2 ** 20, maxFields: 100, maxTargetSize: 2 ** 20 }
    fc.assert(
      fc.property(requestHead, (head) => {
        const octets = encode(head)
        expect(reading(() => HeadDecoder.request(limits))([octets])).toEqual({ head, size: octets.length })
      })
    )
  })

  it.each([
    ["method", request({ method: "GET / HTTP/1.1\r\nX:" })],
    ["method", request({ method: "" })],
    ["target", request({ target: "/a\r\nX: y" })],
    ["target", request({ target: "/a b" })],
    ["target", request({ target: "/\u010a" })],
    ["target", request({ target: "" })],
    ["field value", request({ fields: Fields.from({ X: "a\r\nb" }) })]
  ])("are never those of a bad %s", (part, head) => {
    expect(() => encode(head)).toThrow(part)
  })
})

describe("a request in a log", () => {
  it.each([
    ["/chat", "/chat"],
    ["/chat?token=secret", "/chat?***"],
    ["/?", "/?***"],
    ["ws://h/a?b", "ws://h/a?***"],
    ["http://user:secret@h:1/a@b", "http://***@h:1/a@b"],
    ["http://user:se@cret@h", "http://***@h"],
    ["/a@b", "/a@b"],
    ["http://h/a@b", "http://h/a@b"]
  ])("has for the target %s only %s", (target, shown) => {
    expect(format(request({ target }))).toBe(`GET ${shown} HTTP/1.1`)
  })

  it("has its fields without credentials", () => {
    const head = request({ fields: Fields.from({ Host: "a", Cookie: "session=secret" }) })
    expect(format(head)).toBe("GET /chat HTTP/1.1\nHost: a\nCookie: ***")
  })
})
