import { type UpgradeRequest, verify } from "@effect-websocket/protocol/handshake/ServerHandshake"
import { Fields } from "@effect-websocket/protocol/http/Fields"
import { describe, expect, it } from "vitest"
import type { OriginPolicy } from "../../src/Handshake.js"
import { checkHost, checkOrigin } from "../../src/handshake/hostPolicies.js"

const asking = (origin: string | undefined, host = "example.org"): UpgradeRequest => {
  const fields = Fields.from({
    Host: host,
    Upgrade: "websocket",
    Connection: "Upgrade",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
    ...(origin !== undefined && { Origin: origin })
  })
  const request = verify({ method: "GET", target: "/", version: "1.1", fields })
  if ("_tag" in request) throw new Error(request.rule)
  return request
}

describe("RFC 6455 §10.2: which pages may connect", () => {
  it.each<readonly [OriginPolicy | undefined, string | undefined, boolean, boolean]>([
    [undefined, undefined, false, true],
    [undefined, "http://example.org", false, true],
    [undefined, "http://example.org", true, false],
    [undefined, "https://example.org", true, true],
    ["same-origin", "http://evil.example", false, false],
    ["any", "http://evil.example", false, true],
    [["https://App.example"], "https://app.example", false, true],
    [["https://app.example"], "https://evil.example", false, false],
    [(origin) => origin.endsWith(".example"), "https://a.example", false, true],
    [(origin) => origin.endsWith(".example"), "https://a.test", false, false]
  ])("policy %s, Origin %s, encrypted %s: %s", (origin, asked, encrypted, isAllowed) => {
    const violation = checkOrigin(asking(asked), { origin }, encrypted)
    expect(violation?._tag).toBe(isAllowed ? undefined : "ForbiddenOrigin")
    if (violation !== undefined) expect(violation.status).toBe(403)
  })

  it("behind a proxy that ends TLS the option says what the client's side is", () => {
    expect(checkOrigin(asking("https://example.org"), { secure: true }, false)).toBeUndefined()
    expect(checkOrigin(asking("https://example.org"), { secure: false }, true)?._tag).toBe("ForbiddenOrigin")
  })
})

describe("RFC 9110 §7.4: which hosts are the server's own", () => {
  it("all, unless some are listed: others get 421", () => {
    expect(checkHost(asking(undefined, "any.example"), {})).toBeUndefined()
    expect(checkHost(asking(undefined), { hosts: ["example.org"] })).toBeUndefined()
    expect(checkHost(asking(undefined, "other.example"), { hosts: ["example.org"] })?.status).toBe(421)
  })
})
