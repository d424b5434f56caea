import { describe, expect, it } from "vitest"
import * as ApplicationFields from "../../src/handshake/ApplicationFields.js"
import { Fields } from "../../src/http/Fields.js"

const none = new Set<string>()
const refused = (...fields: ReadonlyArray<readonly [string, string]>) =>
  ApplicationFields.refused(Fields.from(fields), none)

describe("RFC 6455 §4 fields of the handshake", () => {
  it.each([
    "Connection",
    "upgrade",
    "TRANSFER-ENCODING",
    "Content-Length",
    "Trailer",
    "TE",
    "Sec-WebSocket-Key",
    "sec-websocket-version",
    "Sec-WebSocket-Accept",
    "Sec-WebSocket-Extensions",
    "Sec-WebSocket-Protocol"
  ])("%s MUST NOT come from the application", (name) => {
    expect(refused(["X-A", "b"], [name, "1"])).toEqual({
      field: name,
      rule: "RFC 6455 §4: the handshake itself writes this field"
    })
  })

  it.each(["Host", "Cookie", "Origin", "Sec-Fetch-Mode", "constructor", "__proto__"])("%s may", (name) => {
    expect(refused([name, "1"], [name, "2"])).toBeUndefined()
  })
})

describe("RFC 9110 §5.5 field values", () => {
  it.each(["a\r\nX: y", "a\nb", "a\0b", "\u010a", "\u{1f600}"])("%j MUST NOT be written", (value) => {
    expect(refused(["X-A", value])?.field).toBe("X-A")
  })

  it("names are tokens", () => {
    expect(refused(["X A", "b"])?.field).toBe("X A")
  })
})

describe("RFC 9110 §5.3 fields which are no lists", () => {
  it("stand once, in whatever case", () => {
    const fields = Fields.from([
      ["Origin", "http://a"],
      ["ORIGIN", "http://b"]
    ])
    expect(ApplicationFields.refused(fields, new Set(["origin"]))).toEqual({
      field: "Origin",
      rule: "RFC 9110 §5.3: this field stands once"
    })
  })
})
