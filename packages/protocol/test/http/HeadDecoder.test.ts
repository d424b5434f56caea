import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Fields } from "../../src/http/Fields.js"
import { HeadDecoder, type HeadLimits } from "../../src/http/HeadDecoder.js"
import { encode as encodeRequest, type RequestHead } from "../../src/http/RequestHead.js"
import { encode as encodeResponse } from "../../src/http/ResponseHead.js"
import { cutAt, everyCut, everyWay, latin1 } from "../support/everyWay.js"
import { reading, requestHead, responseHead } from "../support/heads.js"

const limits: HeadLimits = { maxHeadSize: 16_384, maxFields: 100, maxTargetSize: 8192 }

const request = (part: Partial<HeadLimits> = {}) => reading(() => HeadDecoder.request({ ...limits, ...part }))
const response = (part: Partial<HeadLimits> = {}) => reading(() => HeadDecoder.response({ ...limits, ...part }))

const line = "GET /chat HTTP/1.1\r\n"
const host = "Host: server.example.com\r\n"

const get = (fields: Readonly<Record<string, string>>): RequestHead => ({
  method: "GET",
  target: "/chat",
  version: "1.1",
  fields: Fields.from(fields)
})

describe("RFC 9112 §2.1 a request", () => {
  // RFC 6455 §1.2
  const handshake = {
    Host: "server.example.com",
    Upgrade: "websocket",
    Connection: "Upgrade",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    Origin: "http://example.com",
    "Sec-WebSocket-Protocol": "chat, superchat",
    "Sec-WebSocket-Version": "13"
  }

  const plain = get({ Host: "server.example.com" })

  it.each<[string, string, unknown]>([
    ["no field at all", `${line}\r\n`, get({})],
    ["an empty line before it, which SHOULD be ignored (§2.2)", `\r\n${line}${host}\r\n`, plain],
    ["white space around values (§5.1)", `${line}A:b\r\nC: \t d \t\r\nE:\r\n\r\n`, get({ A: "b", C: "d", E: "" })],
    ["obs-text is Latin-1 (RFC 9110 §5.5)", `${line}A: caf\xc3\xa9\r\n\r\n`, get({ A: "caf\xc3\xa9" })],
    ["a field __proto__", `${line}__proto__: x\r\n\r\n`, get(JSON.parse('{"__proto__":"x"}'))]
  ])("%s", (_, text, head) => {
    everyWay(request(), latin1(text), { head, size: text.length })
  })

  it("is the opening handshake of RFC 6455 §1.2", () => {
    const octets = encodeRequest(get(handshake))
    everyWay(request(), octets, { head: get(handshake), size: octets.length })
  })

  it("keeps fields of one name apart, in their order (§5.2)", () => {
    const octets = latin1(`${line}A: 1\r\nB: 2\r\na: 3\r\n\r\n`)
    const fields = Fields.from([
      ["A", "1"],
      ["B", "2"],
      ["a", "3"]
    ])
    everyWay(request(), octets, { head: { ...get({}), fields }, size: octets.length })
  })

  it.each(["", "\r", "\r\n", "GET", line, `${line}Hos`, `${line}${host}`, `${line}${host}\r`])(
    "%j is not complete",
    (text) => {
      everyCut(request(), latin1(text), undefined)
    }
  )
})

describe("RFC 9112 §2.2 a request that MUST be refused with 400", () => {
  it.each([
    ["obs-fold", `${line}X-A: b\r\n folded\r\n`, "§5.2"],
    ["obs-fold with a tab", `${line}X-A: b\r\n\tfolded\r\n`, "§5.2"],
    ["white space before the first field", `${line} Host: a\r\n`, "§5.2"],
    ["a bare CR in a value", `${line}X-A: b\rX-B: c\r\n`, "§2.2"],
    ["a bare LF behind a field", `${line}X-A: b\nX-B: c\r\n`, "§2.2"],
    ["a bare LF behind the request line", "GET /chat HTTP/1.1\nHost: a\r\n", "§2.2"],
    ["a bare LF as the empty line", `${line}${host}\n`, "§2.2"],
    ["two CR", `${line}${host}\r\r\n`, "§2.2"],
    ["NUL in a value", `${line}X-A: b\0c\r\n`, "§5.5"],
    ["a control in a value", `${line}X-A: b\x01c\r\n`, "§5.5"],
    ["DEL in a value", `${line}X-A: b\x7f\r\n`, "§5.5"],
    ["NUL in a name", `${line}X\0A: b\r\n`, "§5.5"],
    ["an empty name", `${line}: b\r\n`, "§5.1"],
    ["no colon", `${line}Xnocolon\r\n`, "§5.1"],
    ["a space before the colon", `${line}X : b\r\n`, "§5.1"],
    ["a space in a name", `${line}X Y: b\r\n`, "§5.1"],
    ["obs-text in a name", `${line}caf\xc3\xa9: b\r\n`, "§5.1"],
    ["two empty lines before the request line", "\r\n\r\n", "§3"],
    ["HTTP/0.9", "GET /chat\r\n", "§3"],
    ["two spaces in the request line", "GET  /chat HTTP/1.1\r\n", "§3"],
    ["a space at the end of the request line", "GET /chat HTTP/1.1 \r\n", "§3"],
    ["raw UTF-8 in the target", "GET /caf\xc3\xa9 HTTP/1.1\r\n", "§3"],
    ["a fragment in the target", "GET /chat#x HTTP/1.1\r\n", "§3"],
    ["TLS on the plain port", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "§5.5"],
    ["SSH", "SSH-2.0-OpenSSH_9.0\r\n", "§3"]
  ])("%s", (_, text, section) => {
    const violation = { kind: "Syntax", status: 400, section: expect.stringMatching(new RegExp(`${section}$`)) }
    everyWay(request(), latin1(text), expect.objectContaining(violation))
  })

  it("of another version is refused with 505, before its fields are read", () => {
    const violation = expect.objectContaining({ kind: "Version", status: 505 })
    everyWay(request(), latin1("PRI * HTTP/2.0\r\n"), violation)
    everyWay(request(), latin1("GET / HTTP/1.2\r\n"), violation)
  })
})

describe("RFC 9112 §4 a response", () => {
  it.each([
    ["HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n", "1.1", 101, "Switching Protocols"],
    ["HTTP/1.0 200 \r\nUpgrade: websocket\r\n\r\n", "1.0", 200, ""]
  ])("%j", (text, version, status, reason) => {
    const head = { version, status, reason, fields: Fields.from({ Upgrade: "websocket" }) }
    everyWay(response(), latin1(text), { head, size: text.length })
  })

  it.each([
    ["an empty line before it", "\r\n"],
    ["SSH", "SSH-2.0-OpenSSH_9.0\r\n"],
    ["a status of four digits", "HTTP/1.1 1011 x\r\n"],
    ["NUL in a value", "HTTP/1.1 101 Switching Protocols\r\nX-A: b\0c\r\n"],
    ["a bare LF", "HTTP/1.1 101 Switching Protocols\n"],
    ["a control in the reason phrase", "HTTP/1.1 101 \x1b[2J\r\n"]
  ])("with %s is a violation", (_, text) => {
    everyWay(response(), latin1(text), expect.objectContaining({ kind: "Syntax" }))
  })

  it("that is cut is not complete", () => {
    everyCut(response(), latin1("HTTP/1.1 101 Switching"), undefined)
  })
})

describe("RFC 6585 §5 limits", () => {
  const head = `${line}${host}\r\n`

  it("take a head that is as large as the limit", () => {
    const expected = { head: get({ Host: "server.example.com" }), size: head.length }
    everyWay(request({ maxHeadSize: head.length }), latin1(head), expected)
  })

  it("refuse a larger one with 431, at the first octet over the limit", () => {
    const violation = expect.objectContaining({ kind: "HeadTooLarge", status: 431 })
    everyWay(request({ maxHeadSize: head.length - 1 }), latin1(head), violation)
    everyWay(request({ maxHeadSize: line.length + 3 }), latin1(`${line}Host`), violation)
    everyWay(response({ maxHeadSize: 30 }), latin1("x".repeat(31)), violation)
  })

  it("refuse a request line that alone is larger with 414 (RFC 9112 §3)", () => {
    const violation = expect.objectContaining({ kind: "TargetTooLong", status: 414 })
    everyWay(request({ maxHeadSize: 30 }), latin1(`GET /${"a".repeat(26)}`), violation)
    everyWay(request({ maxTargetSize: 4 }), latin1(line), violation)
  })

  it("take as many fields as the limit, and refuse one more with 431 at its line end", () => {
    const text = `${line}a:\r\nb:\r\n`
    everyWay(request({ maxFields: 2 }), latin1(`${text}\r\n`), { head: get({ a: "", b: "" }), size: text.length + 2 })
    everyWay(
      request({ maxFields: 2 }),
      latin1(`${text}c\r\n`),
      expect.objectContaining({ kind: "TooManyFields", status: 431 })
    )
  })

  it("drop no field of thousands silently (CVE-2024-37890)", () => {
    const many = Array.from({ length: 2500 }, (_, index) => `x${index}:a\r\n`).join("")
    const octets = latin1(`${line}${many}${host}\r\n`)
    expect(request()([octets])).toMatchObject({ kind: "TooManyFields", status: 431 })
    expect(request({ maxFields: 5000, maxHeadSize: 100_000 })([octets])).toMatchObject({ size: octets.length })
  })

  it("are large without being slow: a line is not read again from its start (CVE-2023-43669)", () => {
    const octets = latin1(`${line}A: ${"a".repeat(300_000)}\r\n\r\n`)
    const points = Array.from({ length: 30_000 }, (_, index) => (index + 1) * 10)
    const expected = { head: get({ A: "a".repeat(300_000) }), size: octets.length }
    expect(request({ maxHeadSize: 400_000 })(cutAt(octets, points))).toEqual(expected)
  })
})

describe("HeadDecoder", () => {
  it("is empty until the first octet has come", () => {
    const decoder = HeadDecoder.request(limits)
    decoder.decode(new Uint8Array(0))
    expect(decoder.isEmpty).toBe(true)
    decoder.decode(latin1("\r\n"))
    expect(decoder.isEmpty).toBe(false)
  })

  it("gives the head of its octets, however they are cut", () => {
    const points = fc.array(fc.nat(400), { maxLength: 10 })
    const sorted = (cuts: ReadonlyArray<number>, size: number) =>
      cuts.filter((point) => point <= size).sort((a, b) => a - b)
    fc.assert(
      fc.property(requestHead, responseHead, points, (one, other, cuts) => {
        for (const [run, octets, head] of [
          [request(), encodeRequest(one), one],
          [response(), encodeResponse(other), other]
        ] as const) {
          expect(run(cutAt(octets, sorted(cuts, octets.length)))).toEqual({ head, size: octets.length })
        }
      })
    )
  })

  it("any octets give a head, a violation or nothing, never a throw, and the same for every cut", () => {
    const pieces = fc.constantFrom(
      "GET ",
      "/",
      " HTTP/1.1",
      "HTTP/1.1 ",
      "200 ",
      "\r\n",
      "\r",
      "\n",
      "A",
      ":",
      " ",
      "\0",
      "\xff"
    )
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 20 }), (parts) => {
        const octets = latin1(parts.join(""))
        for (const run of [request({ maxHeadSize: 40 }), response({ maxHeadSize: 40 })]) {
          everyCut(run, octets, run([octets]))
        }
      })
    )
  })
})
