import { describe, expect, it } from "vitest"
import * as OriginPolicy from "../../src/handshake/OriginPolicy.js"
import type { UpgradeRequest } from "../../src/handshake/ServerHandshake.js"
import { Fields } from "../../src/http/Fields.js"

const request = (host: string, origin: string | undefined): UpgradeRequest => ({
  head: { method: "GET", target: "/", version: "1.1", fields: Fields.empty },
  key: "dGhlIHNhbXBsZSBub25jZQ==",
  subprotocols: [],
  extensions: [],
  origin,
  host
})

const sameOrigin = (host: string, origin: string | undefined, secure: boolean) =>
  OriginPolicy.sameOrigin(request(host, origin), secure)

describe("RFC 6455 §10.2 origin: scheme, host and port are compared (RFC 6454 §5)", () => {
  it.each<readonly [string, string | undefined, boolean]>([
    ["127.0.0.1", undefined, false],
    ["127.0.0.1", "http://127.0.0.1", false],
    ["127.0.0.1", "http://127.0.0.1:80", false],
    ["127.0.0.1:80", "http://127.0.0.1", false],
    ["Example.com", "https://example.COM", true],
    ["example.com:8443", "https://example.com:8443", true],
    ["example.com:443", "https://example.com", true],
    ["example.com", "HTTPS://example.com", true],
    ["[::1]:9", "http://[::1]:9", false],
    ["xn--e1afmkfd.example", "http://xn--e1afmkfd.example", false]
  ])("Host %s, Origin %s, secure %s is allowed", (host, origin, secure) => {
    expect(sameOrigin(host, origin, secure)).toBe(true)
  })

  it.each<readonly [string, string, boolean]>([
    ["127.0.0.1", "null", false],
    ["127.0.0.1", "", false],
    ["127.0.0.1", "http://evil.example", false],
    ["127.0.0.1", "http://127.0.0.1.evil.example", false],
    ["127.0.0.1", "http://evil-127.0.0.1", false],
    ["127.0.0.1", "http://127.0.0.1:81", false],
    ["127.0.0.1:81", "http://127.0.0.1", false],
    ["127.0.0.1", "https://127.0.0.1", false],
    ["127.0.0.1", "http://127.0.0.1", true],
    ["127.0.0.1:443", "http://127.0.0.1", true],
    ["127.0.0.1", "http://127.0.0.1/", false],
    ["127.0.0.1", "http://127.0.0.1@evil.example", false],
    ["127.0.0.1", "http://127.0.0.1 http://evil.example", false],
    ["127.0.0.1", "ws://127.0.0.1", false],
    ["127.0.0.1", "127.0.0.1", false],
    ["127.0.0.1", "http://", false],
    ["not a host", "http://not a host", false],
    ["not a host", "http://127.0.0.1", false],
    ["xn--e1afmkfd.example", "http://\u043f\u0440\u0438\u043c\u0435\u0440.example", false],
    ["[::1]", "http://[::2]", false]
  ])("Host %s, Origin %s, secure %s is not", (host, origin, secure) => {
    expect(sameOrigin(host, origin, secure)).toBe(false)
  })

  it("a refusal is 403 and carries the origin as data", () => {
    expect(OriginPolicy.forbiddenOrigin(request("h", "http://evil.example"))).toMatchObject({
      _tag: "ForbiddenOrigin",
      status: 403,
      origin: "http://evil.example"
    })
    expect(OriginPolicy.forbiddenOrigin(request("h", undefined))).toMatchObject({ origin: "" })
  })
})

describe("RFC 6455 §4.2.2 host allow-list against DNS rebinding", () => {
  it.each([
    ["localhost", ["localhost"]],
    ["localhost.", ["localhost"]],
    ["LOCALHOST", ["localhost"]],
    ["localhost:8080", ["localhost"]],
    ["localhost:8080", ["localhost:8080"]],
    ["localhost", ["Localhost."]],
    ["localhost", ["localhost:80"]],
    ["localhost", ["localhost:443"]],
    ["127.0.0.1:80", ["127.0.0.1"]],
    ["[::1]", ["[::1]"]],
    ["[::1]:8080", ["::1"]],
    ["h", ["not a host", "h"]]
  ])("Host %s is in %j", (host, list) => {
    expect(OriginPolicy.hostAllowed(host, list)).toBe(true)
  })

  it.each([
    ["evil.example", ["localhost"]],
    ["localhost.evil.example", ["localhost"]],
    ["localhost:81", ["localhost:80"]],
    ["localhost", ["localhost:8080"]],
    ["localhost", []],
    ["[::2]", ["::1"]],
    ["not a host", ["not a host"]]
  ])("Host %s is not in %j", (host, list) => {
    expect(OriginPolicy.hostAllowed(host, list)).toBe(false)
  })

  it("a refusal is 421 and carries the host as data", () => {
    expect(OriginPolicy.forbiddenHost(request("evil.example", undefined))).toMatchObject({
      _tag: "ForbiddenHost",
      status: 421,
      host: "evil.example"
    })
  })
})
