import { describe, expect, it } from "vitest"
import { ofRequest, ofResponse } from "../../src/http/BodyFraming.js"
import { Fields, type FieldsInput } from "../../src/http/Fields.js"
import type { HttpVersion } from "../../src/http/HttpVersion.js"
import * as ResponseHead from "../../src/http/ResponseHead.js"

const request = (fields: FieldsInput, version: HttpVersion = "1.1") =>
  ofRequest({ method: "GET", target: "/", version, fields: Fields.from(fields) })

const response = (status: number, fields: FieldsInput, method = "GET") =>
  ofResponse(ResponseHead.make(status, Fields.from(fields)), method)

describe("RFC 9112 §6.3 the body of a request", () => {
  it.each<[string, FieldsInput, unknown]>([
    ["no field", {}, { _tag: "None" }],
    ["a length", { "Content-Length": "5" }, { _tag: "Length", length: 5 }],
    ["a length of zero", { "Content-Length": "0" }, { _tag: "Length", length: 0 }],
    ["the largest length", { "Content-Length": "9007199254740991" }, { _tag: "Length", length: 2 ** 53 - 1 }],
    ["the chunked coding", { "Transfer-Encoding": "chunked" }, { _tag: "Chunked" }],
    ["codings are case-insensitive", { "transfer-encoding": " Chunked ," }, { _tag: "Chunked" }]
  ])("%s", (_, fields, framing) => {
    expect(request(fields)).toEqual(framing)
  })

  it.each<[string, FieldsInput]>([
    ["two lengths", { "Content-Length": ["0", "5"] }],
    ["two equal lengths", { "Content-Length": ["5", "5"] }],
    ["a list of lengths", { "Content-Length": "0, 0" }],
    ["an empty length", { "Content-Length": "" }],
    ["2^53", { "Content-Length": "9007199254740992" }],
    ["2^53 + 1, which rounds", { "Content-Length": "9007199254740993" }],
    ["a length that is infinite as a number", { "Content-Length": "9".repeat(400) }],
    ["+5", { "Content-Length": "+5" }],
    ["-1", { "Content-Length": "-1" }],
    ["0x5", { "Content-Length": "0x5" }],
    ["5.0", { "Content-Length": "5.0" }],
    ["5e0", { "Content-Length": "5e0" }],
    ["5 5", { "Content-Length": "5 5" }],
    ["a length and a coding", { "Content-Length": "5", "Transfer-Encoding": "chunked" }],
    ["a length of zero and a coding", { "Content-Length": "0", "Transfer-Encoding": "chunked" }],
    ["xchunked", { "Transfer-Encoding": "xchunked" }],
    ["no coding", { "Transfer-Encoding": "" }],
    ["identity", { "Transfer-Encoding": "identity" }],
    ["gzip", { "Transfer-Encoding": "gzip" }],
    ["chunked is not the last", { "Transfer-Encoding": "chunked, gzip" }],
    ["chunked twice", { "Transfer-Encoding": "chunked, chunked" }],
    ["chunked twice in two fields", { "Transfer-Encoding": ["chunked", "chunked"] }],
    ["chunked with a parameter", { "Transfer-Encoding": "chunked;a=b" }],
    ["chunked in quotes", { "Transfer-Encoding": '"chunked"' }]
  ])("%s MUST be refused with 400", (_, fields) => {
    expect(request(fields)).toMatchObject({ _tag: "HttpViolation", kind: "Framing", status: 400 })
  })

  it("SHOULD be refused with 501 when it has another coding (§6.1)", () => {
    expect(request({ "Transfer-Encoding": "gzip, chunked" })).toMatchObject({ kind: "Framing", status: 501 })
  })

  it("MUST be refused when HTTP/1.0 has a coding (§6.1)", () => {
    expect(request({ "Transfer-Encoding": "chunked" }, "1.0")).toMatchObject({ kind: "Framing", status: 400 })
    expect(request({ "Content-Length": "5" }, "1.0")).toEqual({ _tag: "Length", length: 5 })
  })
})

describe("RFC 9112 §6.3 the body of a response", () => {
  it.each<[string, number, FieldsInput, unknown]>([
    ["no field", 200, {}, { _tag: "UntilEnd" }],
    ["a length", 426, { "Content-Length": "5" }, { _tag: "Length", length: 5 }],
    ["chunked", 500, { "Transfer-Encoding": "chunked" }, { _tag: "Chunked" }],
    ["another coding, then chunked", 500, { "Transfer-Encoding": ["gzip", "chunked"] }, { _tag: "Chunked" }]
  ])("%s", (_, status, fields, framing) => {
    expect(response(status, fields)).toEqual(framing)
  })

  it.each([
    [100, "GET"],
    [101, "GET"],
    [204, "GET"],
    [304, "GET"],
    [200, "HEAD"],
    [404, "HEAD"],
    [200, "CONNECT"],
    [299, "CONNECT"]
  ])("%i to %s has none, whatever the fields say", (status, method) => {
    expect(response(status, { "Content-Length": "5" }, method)).toEqual({ _tag: "None" })
    expect(response(status, { "Content-Length": "x", "Transfer-Encoding": "x" }, method)).toEqual({ _tag: "None" })
  })

  it("of a refused CONNECT is as of any other", () => {
    expect(response(407, { "Content-Length": "5" }, "CONNECT")).toEqual({ _tag: "Length", length: 5 })
    expect(response(200, { "Content-Length": "5" }, "connect")).toEqual({ _tag: "Length", length: 5 })
  })

  it.each<[string, FieldsInput]>([
    ["two lengths", { "Content-Length": ["0", "5"] }],
    ["both", { "Content-Length": "5", "Transfer-Encoding": "chunked" }],
    ["gzip", { "Transfer-Encoding": "gzip" }]
  ])("is a violation with %s", (_, fields) => {
    expect(response(200, fields)).toMatchObject({ kind: "Framing" })
  })
})
