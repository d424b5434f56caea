import { describe, expect, it } from "vitest"
import { keepAlive } from "../../src/http/Connection.js"
import { Fields } from "../../src/http/Fields.js"
import type { HttpVersion } from "../../src/http/HttpVersion.js"
import * as ResponseHead from "../../src/http/ResponseHead.js"

const request = (version: HttpVersion, connection: ReadonlyArray<string>) => ({
  method: "GET",
  target: "/",
  version,
  fields: Fields.from({ Connection: connection })
})

describe("RFC 9112 §9.3 Persistence", () => {
  it.each<[HttpVersion, ReadonlyArray<string>]>([
    ["1.1", []],
    ["1.1", [""]],
    ["1.1", ["Upgrade"]],
    ["1.1", ["keep-alive, Upgrade"]],
    ["1.0", ["keep-alive"]],
    ["1.0", ["foo", "Keep-Alive"]]
  ])("HTTP/%s with %j persists", (version, connection) => {
    expect(keepAlive(request(version, connection))).toBe(true)
  })

  it.each<[HttpVersion, ReadonlyArray<string>]>([
    ["1.1", ["close"]],
    ["1.1", ["keep-alive, CLOSE"]],
    ["1.1", ["Upgrade", "close"]],
    ["1.1", ["a b"]],
    ["1.0", []],
    ["1.0", ["foo"]],
    ["1.0", ["keep-alive, close"]]
  ])("HTTP/%s with %j does not", (version, connection) => {
    expect(keepAlive(request(version, connection))).toBe(false)
  })

  it("is the same for responses", () => {
    expect(keepAlive(ResponseHead.make(200, Fields.empty))).toBe(true)
    expect(keepAlive(ResponseHead.make(200, Fields.from({ Connection: "close" })))).toBe(false)
  })
})
