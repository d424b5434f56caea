import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Fields } from "../../src/http/Fields.js"
import { HeadDecoder } from "../../src/http/HeadDecoder.js"
import { isHttpViolation } from "../../src/http/HttpViolation.js"
import { decodeLine, encode, format, make } from "../../src/http/ResponseHead.js"
import { latin1 } from "../support/everyWay.js"
import { fields, reading, responseHead } from "../support/heads.js"

const decoded = (line: string) => {
  const start = decodeLine(line)
  return isHttpViolation(start) ? start : start(fields)
}

describe("RFC 9112 §4 status-line = HTTP-version SP status-code SP [ reason-phrase ]", () => {
  it.each([
    ["HTTP/1.1 101 Switching Protocols", "1.1", 101, "Switching Protocols"],
    ["HTTP/1.1 200 OK", "1.1", 200, "OK"],
    ["HTTP/1.1 500 ", "1.1", 500, ""],
    ["HTTP/1.0 999 \t caf\xe9 ", "1.0", 999, "\t caf\xe9 "]
  ])("%j", (line, version, status, reason) => {
    expect(decoded(line)).toEqual({ version, status, reason, fields })
  })

  it.each([
    "",
    "HTTP/1.1",
    "HTTP/1.1 200",
    "HTTP/1.1  200 OK",
    "HTTP/1.1\t200 OK",
    "HTTP/1.1 200\tOK",
    "HTTP/1.1 1011 x",
    "HTTP/1.1 20 OK",
    "HTTP/1.1 -20 OK",
    "HTTP/1.1 2e1 OK",
    "HTTP/1.1 099 OK",
    "HTTP/1.1 OK",
    "ICY 200 OK",
    "SSH-2.0-OpenSSH_9.0",
    "http/1.1 200 OK"
  ])("%j is a violation", (line) => {
    expect(decoded(line)).toMatchObject({ kind: "Syntax" })
  })

  it("of another version is a violation", () => {
    expect(decoded("HTTP/2.0 200 OK")).toMatchObject({ kind: "Version" })
  })
})

describe("RFC 9110 §15.1 reason phrases", () => {
  it.each([
    [101, "Switching Protocols"],
    [426, "Upgrade Required"],
    [431, "Request Header Fields Too Large"],
    [503, "Service Unavailable"],
    [599, ""]
  ])("of %i is %j when none is given", (status, reason) => {
    expect(make(status, fields)).toEqual({ version: "1.1", status, reason, fields })
  })

  it("may be any other, or none", () => {
    expect(make(404, fields, "Nobody here").reason).toBe("Nobody here")
    expect(make(404, fields, "").reason).toBe("")
  })
})

describe("RFC 9112 §4 the octets of a response", () => {
  it("are its lines", () => {
    expect(encode(make(426, Fields.from({ Upgrade: "websocket" })))).toEqual(
      latin1("HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\n\r\n")
    )
    expect(encode(make(599, Fields.empty))).toEqual(latin1("HTTP/1.1 599 \r\n\r\n"))
  })

  it("decode(encode(head)) = head", () => {
    const limits = { maxHeadSize: 2 ** 20, maxFields: 100, maxTargetSize: 0 }
    fc.assert(
      fc.property(responseHead, (head) => {
        const octets = encode(head)
        expect(reading(() => HeadDecoder.response(limits))([octets])).toEqual({ head, size: octets.length })
      })
    )
  })

  it.each([0, 99, 1000, 200.5, Number.NaN])("are never those of the status %d", (status) => {
    expect(() => encode(make(status, Fields.empty, ""))).toThrow("RFC 9110 §15")
  })

  it.each(["a\r\nX: y", "a\nb", "\u010a"])("are never those of the reason %j", (reason) => {
    expect(() => encode(make(200, Fields.empty, reason))).toThrow("RFC 9112 §4")
  })

  it("are never those of a bad field", () => {
    expect(() => encode(make(101, Fields.from({ X: "a\r\nY: b" })))).toThrow("RFC 9110 §5.5")
  })
})

describe("a response in a log", () => {
  it("has no credentials, and nothing that a terminal would obey", () => {
    const head = make(200, Fields.from({ "Set-Cookie": "session=secret", A: "b" }), "\x9b2J")
    expect(format(head)).toBe("HTTP/1.1 200 \\u{9b}2J\nSet-Cookie: ***\nA: b")
  })
})
