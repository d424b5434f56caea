import { describe, expect, it } from "@effect/vitest"
import { bypasses, invalidEntry } from "../../src/proxy/Bypass.js"

describe("which hosts need no proxy", () => {
  for (const [entry, yes, no] of [
    ["*", ["a:1", "::1:2", "10.0.0.1:3"], []],
    ["example.com", ["example.com:80", "a.example.com:443", "EXAMPLE.com:80"], ["example.org:80", "notexample.com:80"]],
    [".example.com", ["a.example.com:80", "a.b.example.com:80"], ["example.com:80"]],
    ["*.example.com", ["a.example.com:80"], ["example.com:80"]],
    ["Example.COM", ["example.com:80"], []],
    ["example.com:443", ["example.com:443", "a.example.com:443"], ["example.com:80"]],
    ["10.1.2.3", ["10.1.2.3:80"], ["10.1.2.4:80", "x10.1.2.3:80"]],
    ["10.1.2.3:80", ["10.1.2.3:80"], ["10.1.2.3:81"]],
    ["10.0.0.0/8", ["10.1.2.3:80"], ["11.0.0.1:80", "10.example.com:80"]],
    ["10.128.0.0/9", ["10.128.0.1:80", "10.255.0.1:80"], ["10.127.0.1:80"]],
    ["0.0.0.0/0", ["1.2.3.4:80"], ["::1:80"]],
    ["::1", ["::1:80", "0:0:0:0:0:0:0:1:80"], ["::2:80"]],
    ["[::1]", ["::1:80"], []],
    ["[::1]:80", ["::1:80"], ["::1:81"]],
    ["fd00::/8", ["fd12::1:80"], ["fe80::1:80"]]
  ] as const) {
    it(entry, () => {
      const test = bypasses([entry])
      const matches = (place: string) => {
        const colon = place.lastIndexOf(":")
        return test(place.slice(0, colon), Number(place.slice(colon + 1)))
      }
      expect(yes.filter((place) => !matches(place))).toEqual([])
      expect(no.filter(matches)).toEqual([])
      expect(invalidEntry([entry])).toBe(undefined)
    })
  }

  it("one entry of the list is enough, and an empty list has nobody", () => {
    expect(bypasses(["a", "b"])("b", 80)).toBe(true)
    expect(bypasses([])("b", 80)).toBe(false)
  })

  for (const entry of [
    "",
    "a b",
    "10.0.0.0/33",
    "::/129",
    "10.0.0.0/",
    "10.0.0.0/-1",
    "a/8",
    "http://a",
    "[::1",
    "a:0"
  ]) {
    it(`not: ${JSON.stringify(entry)}, which matches nothing`, () => {
      expect(invalidEntry(["a", entry])).toBe(entry)
      expect(bypasses([entry])("a", 80)).toBe(false)
    })
  }
})
