import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Redirect from "../../src/handshake/Redirect.js"
import * as Uri from "../../src/handshake/WebSocketUri.js"
import { Fields } from "../../src/http/Fields.js"
import * as ResponseHead from "../../src/http/ResponseHead.js"

const uriOf = (text: string): Uri.WebSocketUri => {
  const uri = Uri.parse(text)
  if ("_tag" in uri) throw new Error(uri.rule)
  return uri
}

const moved = (...locations: ReadonlyArray<string>) => ResponseHead.make(302, Fields.from({ Location: locations }))

const base = "ws://a.example:81/b/c?d"

/** Where a Location of `base` leads, or why it is not followed. */
const next = (location: string, from = base): string => {
  const step = Redirect.follow(uriOf(from), moved(location), [], 1)
  if (!("_tag" in step)) return step.redirection.to
  return step._tag === "Redirect" ? step.why : step._tag
}

describe("RFC 9110 §15.4: which responses are redirects", () => {
  it.each([301, 302, 303, 307, 308])("%d is one that can be followed", (status) => {
    expect(Redirect.isRedirect(ResponseHead.make(status, Fields.empty))).toBe(true)
  })

  it.each([101, 200, 300, 304, 305, 306, 399, 401])("%d is none", (status) => {
    expect(Redirect.isRedirect(ResponseHead.make(status, Fields.empty))).toBe(false)
  })
})

describe("RFC 9110 §10.2.2: Location is a reference (RFC 3986 §5.2)", () => {
  it.each([
    ["ws://x.example/y", "ws://x.example/y"],
    ["WSS://X.example/y?z", "wss://x.example/y?z"],
    ["http://x.example", "ws://x.example/"],
    ["https://x.example:443/", "wss://x.example/"],
    ["http://x.example?y", "ws://x.example/?y"],
    ["http://[::1]:8080/", "ws://[::1]:8080/"],
    ["//x.example/y", "ws://x.example/y"],
    ["/y", "ws://a.example:81/y"],
    ["y", "ws://a.example:81/b/y"],
    ["y/", "ws://a.example:81/b/y/"],
    ["?y", "ws://a.example:81/b/c?y"],
    ["/y?z/../w", "ws://a.example:81/y?z/../w"],
    ["./y", "ws://a.example:81/b/y"],
    ["../y", "ws://a.example:81/y"],
    ["../../../y", "ws://a.example:81/y"],
    ["..", "ws://a.example:81/"],
    [".", "ws://a.example:81/b/"],
    ["/x/./y/../z", "ws://a.example:81/x/z"],
    ["ws://x.example/y/..", "ws://x.example/"],
    ["/y#fragment", "ws://a.example:81/y"],
    ["//x.example/#f?y", "ws://x.example/"],
    ["/y:z", "ws://a.example:81/y:z"],
    ["./y:z", "ws://a.example:81/b/y:z"],
    ["?y:z", "ws://a.example:81/b/c?y:z"],
    ["/a b", "ws://a.example:81/a%20b"],
    ["/\\evil.example", "ws://a.example:81/%5Cevil.example"],
    ["/caf\u00c3\u00a9", "ws://a.example:81/caf%C3%A9"]
  ])("R01: %j leads to %s", (location, to) => {
    expect(next(location)).toBe(to)
  })

  it.each([
    "file:///etc/passwd",
    "ws+unix:tmp:x",
    "javascript:1",
    "data:,",
    "mailto:a@b",
    "ftp://x.example/",
    "http:x.example",
    "ws:/x",
    "ws:///x",
    "ws://x:0/",
    "ws://x:65536/",
    "//",
    "//x y/",
    "http://caf\u00c3\u00a9.example/",
    "http://user:password@x.example/",
    "http://user@a.example:81/",
    "/tab\there"
  ])("R06: %j is refused", (location) => {
    expect(next(location)).toBe("BadLocation")
  })

  it("R05: there is exactly one", () => {
    const without = ResponseHead.make(302, Fields.empty)
    for (const response of [without, moved("/x", "/x"), moved("/x", "/y")]) {
      expect(Redirect.follow(uriOf(base), response, [], 1)).toMatchObject({ _tag: "Redirect", why: "NoLocation" })
    }
  })

  it("agrees with the URL parser of the platform, wherever both take a reference", () => {
    const segment = fc.constantFrom("", ".", "..", "x", "yz", "...", "a.b", "%2e")
    const path = fc.array(segment, { maxLength: 6 }).map((segments) => segments.join("/"))
    const query = fc.constantFrom("", "?", "?q", "?a/../b")
    fc.assert(
      fc.property(fc.constantFrom("", "/", "http://x.example/"), path, query, (prefix, rest, end) => {
        const reference = prefix + rest + end
        // Two slashes begin a host; "%2e" is a dot to a browser, and an octet to RFC 3986.
        fc.pre(!reference.startsWith("//") && !reference.includes("%2e"))
        const expected = new URL(reference, "http://a.example:81/b/c?d").href.replace("http:", "ws:")
        expect(next(reference)).toBe(expected === base ? "Loop" : expected)
      })
    )
  })
})

describe("RFC 6455 §10.6: TLS is not left", () => {
  it("R02: from wss to ws is refused, the other way is not", () => {
    expect(next("ws://a.example/x", "wss://a.example/")).toBe("Downgrade")
    expect(next("http://b.example/", "wss://a.example/")).toBe("Downgrade")
    expect(next("wss://a.example/x", "ws://a.example/")).toBe("wss://a.example/x")
    expect(next("//b.example/", "wss://a.example/")).toBe("wss://b.example/")
  })
})

describe("RFC 9110 §15.4: redirects end", () => {
  const way = [
    { status: 301, from: "ws://a.example/", to: "ws://b.example/" },
    { status: 301, from: "ws://b.example/", to: "ws://c.example/" }
  ]
  const from = uriOf("ws://c.example/")

  it("R04: a circle is refused at once, of one URI and of more", () => {
    for (const location of ["/", "", "#x", "ws://b.example", "http://A.example:80/"]) {
      expect(Redirect.follow(from, moved(location), way, 10)).toMatchObject({ why: "Loop" })
    }
    expect(Redirect.follow(from, moved("ws://b.example/?x"), way, 10)).toHaveProperty("uri")
  })

  it("R04: there may be so many, and not one more", () => {
    expect(Redirect.follow(from, moved("/x"), way, 3)).toHaveProperty("uri")
    expect(Redirect.follow(from, moved("/x"), way, 2)).toMatchObject({ why: "TooMany", location: "/x", status: 0 })
  })
})

describe("RFC 9110 §15.4: credentials are for one origin", () => {
  const secret = "ws://user:password@a.example/x"
  const authorizationAt = (location: string) => {
    const step = Redirect.follow(uriOf(secret), moved(location), [], 1)
    return "_tag" in step ? step._tag : step.uri.authorization
  }

  it.each(["/y", "ws://a.example/y", "http://A.EXAMPLE:80/y"])("R03: those of the URI go along to %s", (location) => {
    expect(authorizationAt(location)).toBe("Basic dXNlcjpwYXNzd29yZA==")
  })

  it.each(["wss://a.example/y", "ws://a.example:81/y", "ws://b.example/y", "ws://www.a.example/"])(
    "R03: and not to %s",
    (location) => {
      expect(authorizationAt(location)).toBeUndefined()
    }
  )

  it("no text has them", () => {
    const step = Redirect.follow(uriOf(secret), moved("/y"), [], 1)
    expect("_tag" in step || step.redirection).toEqual({
      status: 302,
      from: "ws://a.example/x",
      to: "ws://a.example/y"
    })
  })

  it("R03: fields lose Authorization, Cookie, Proxy-Authorization, and the Host of the first origin", () => {
    const fields = Fields.from([
      ["authorization", "a"],
      ["Cookie", "b"],
      ["PROXY-AUTHORIZATION", "c"],
      ["Host", "d"],
      ["Origin", "e"],
      ["X-F", "f"]
    ])
    expect([...Redirect.withoutCredentials(fields)].map(({ name }) => name)).toEqual(["Origin", "X-F"])
  })
})

describe("a redirect that is not followed", () => {
  it("names the section, the rule, the fault, and the Location as it stands; never in its message", () => {
    const violation = Redirect.refused(moved("ws://b.example/?secret"), "Unwanted")
    expect(violation).toMatchObject({
      _tag: "Redirect",
      why: "Unwanted",
      location: "ws://b.example/?secret",
      status: 0
    })
    expect(`${violation.section}: ${violation.rule}`).not.toContain("b.example")
    expect(violation.section).toMatch(/^RFC \d+ §/)
  })
})
