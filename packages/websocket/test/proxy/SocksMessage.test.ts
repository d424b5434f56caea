import { describe, expect, it } from "@effect/vitest"
import * as SocksMessage from "../../src/proxy/SocksMessage.js"

const octets = (...values: ReadonlyArray<number>) => Uint8Array.from(values)

describe("what a client says", () => {
  it("RFC 1928 §3: the methods it knows", () => {
    expect(SocksMessage.greeting(false)).toEqual(octets(5, 1, 0))
    expect(SocksMessage.greeting(true)).toEqual(octets(5, 2, 0, 2))
  })

  it("RFC 1929 §2: user name and password, with their lengths", () => {
    expect(SocksMessage.credentials(octets(1, 2), octets(3))).toEqual(octets(1, 2, 1, 2, 1, 3))
  })

  it("RFC 1928 §4, §5: whom to connect to", () => {
    expect(SocksMessage.connect("a.b", 0x1f90)).toEqual(octets(5, 1, 0, 3, 3, 97, 46, 98, 0x1f, 0x90))
    expect(SocksMessage.connect("1.2.3.4", 1)).toEqual(octets(5, 1, 0, 1, 1, 2, 3, 4, 0, 1))
    expect(SocksMessage.connect("::1", 1)).toEqual(octets(5, 1, 0, 4, ...new Uint8Array(15), 1, 0, 1))
  })
})

describe("what a proxy says", () => {
  it("RFC 1928 §3: a method that was offered", () => {
    expect(SocksMessage.chosenMethod(octets(5, 0), false)).toBe(0)
    expect(SocksMessage.chosenMethod(octets(5, 2), true)).toBe(2)
    expect(SocksMessage.chosenMethod(octets(5, 2), false)).toMatchObject({ _tag: "Malformed" })
    expect(SocksMessage.chosenMethod(octets(5, 0xff), true)).toMatchObject({ _tag: "AuthRequired" })
    expect(SocksMessage.chosenMethod(octets(4, 0), true)).toMatchObject({ _tag: "Malformed" })
  })

  it("RFC 1929 §2: whether it accepts", () => {
    expect(SocksMessage.authFault(octets(1, 0))).toBe(undefined)
    expect(SocksMessage.authFault(octets(1, 1))).toMatchObject({ _tag: "AuthRequired" })
    expect(SocksMessage.authFault(octets(5, 0))).toMatchObject({ _tag: "Malformed" })
  })

  it("RFC 1928 §6: whether it has connected, and how long the address is", () => {
    expect(SocksMessage.addressLength(octets(5, 0, 0, 1))).toBe(4)
    expect(SocksMessage.addressLength(octets(5, 0, 0, 3))).toBe(-1)
    expect(SocksMessage.addressLength(octets(5, 0, 0, 4))).toBe(16)
    expect(SocksMessage.addressLength(octets(5, 0, 0, 2))).toMatchObject({ _tag: "Malformed" })
    expect(SocksMessage.addressLength(octets(4, 0, 0, 1))).toMatchObject({ _tag: "Malformed" })
  })

  it("RFC 1928 §6: every reply has a meaning", () => {
    const meanings = Array.from({ length: 8 }, (_, index) => SocksMessage.addressLength(octets(5, index + 1, 0, 1)))
    expect(meanings.every((fault) => typeof fault === "object" && fault._tag === "SocksReply")).toBe(true)
    expect(new Set(meanings.map((fault) => JSON.stringify(fault))).size).toBe(8)
    expect(SocksMessage.addressLength(octets(5, 200, 0, 1))).toMatchObject({
      code: 200,
      meaning: "for a reason without a name"
    })
  })
})
