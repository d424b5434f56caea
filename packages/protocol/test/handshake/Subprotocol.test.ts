import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Subprotocol from "../../src/handshake/Subprotocol.js"

describe("RFC 6455 §4.1 item 10 an offer of subprotocols", () => {
  it.each([
    ["chat", ["chat"]],
    ["chat, superchat", ["chat", "superchat"]],
    ["chat,superchat", ["chat", "superchat"]],
    ["chat,, superchat,", ["chat", "superchat"]],
    ["chat, CHAT", ["chat", "CHAT"]]
  ])("%j is %j", (value, names) => {
    expect(Subprotocol.parse(value)).toEqual(names)
  })

  it.each(["", ",", "a b", "chat, chat", "a;b", '"chat"', "\u00e9"])("%j MUST be refused", (value) => {
    expect(Subprotocol.parse(value)).toBeUndefined()
  })

  it.each([
    [["a\r\nb"], "RFC 6455 §4.1: a subprotocol is a token"],
    [["a,b"], "RFC 6455 §4.1: a subprotocol is a token"],
    [[""], "RFC 6455 §4.1: a subprotocol is a token"],
    [["\u00e9"], "RFC 6455 §4.1: a subprotocol is a token"],
    [["a", "a"], "RFC 6455 §4.1: a subprotocol is offered once"],
    [["a", "A"], undefined],
    [[], undefined]
  ])("%j may be sent: %j", (names, rule) => {
    expect(Subprotocol.invalidOffer(names)).toBe(rule)
  })

  it("parse(join(x)) = x", () => {
    const token = fc.stringOf(fc.constantFrom(..."azAZ09!#$%&'*+-.^_`|~"), { minLength: 1 })
    fc.assert(
      fc.property(fc.uniqueArray(token, { minLength: 1 }), (names) => {
        expect(Subprotocol.parse(names.join(", "))).toEqual(names)
      })
    )
  })
})

describe("RFC 6455 §4.2.2 the choice of a server", () => {
  it.each([
    [["a", "b"], ["b", "a"], "b"],
    [["a"], ["b", "a"], "a"],
    [["a"], ["A"], undefined],
    [["a"], [], undefined],
    [[], ["a"], undefined],
    [["a"], ["constructor", "__proto__"], undefined]
  ])("offered %j, supported %j: %j", (offered, supported, chosen) => {
    expect(Subprotocol.choose(offered, supported)).toBe(chosen)
  })
})
