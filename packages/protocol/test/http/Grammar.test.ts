import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Fields } from "../../src/http/Fields.js"
import {
  hasToken,
  isDigits,
  isFieldValue,
  isHexDigits,
  isLineText,
  isRequestTarget,
  isToken,
  tokenList,
  trimOws
} from "../../src/http/Grammar.js"

const characters = Array.from({ length: 0x180 }, (_, code) => String.fromCharCode(code))
const accepted = (test: (text: string) => boolean): string => characters.filter((each) => test(each)).join("")
const between = (first: number, last: number): string => characters.slice(first, last + 1).join("")

describe("RFC 9110 §5.6.2 token", () => {
  it("has tchar only", () => {
    expect(accepted(isToken)).toBe("!#$%&'*+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz|~")
  })

  it.each(["", "a b", " a", "a\n", "a\r\n", "a\0", "é", "\u010a", "\u{1f600}"])("is not %j", (text) => {
    expect(isToken(text)).toBe(false)
  })
})

describe("RFC 9110 §5.5 field-value", () => {
  it("has visible characters and obs-text, and no other controls than HTAB", () => {
    expect(accepted(isLineText)).toBe(`\t${between(0x20, 0x7e)}${between(0x80, 0xff)}`)
    expect(accepted(isFieldValue)).toBe(`${between(0x21, 0x7e)}${between(0x80, 0xff)}`)
  })

  it.each(["", "a", "a b", "a\tb", "\xff", "a, b"])("is %j", (value) => {
    expect(isFieldValue(value)).toBe(true)
  })

  it.each([" a", "a ", "\ta", "a\t", " ", "a\nb", "a\rb", "a\0b", "\u010a", "\u{1f600}", "a\n"])(
    "is not %j",
    (value) => {
      expect(isFieldValue(value)).toBe(false)
    }
  )
})

describe("RFC 9112 §3.2 request-target", () => {
  it("has visible ASCII only, and no fragment", () => {
    expect(accepted(isRequestTarget)).toBe(`!"${between(0x24, 0x7e)}`)
  })

  it.each(["/", "/chat?a=%20&b=[1]", "http://h/", "h:443", "[::1]:443", "*"])("is %j", (target) => {
    expect(isRequestTarget(target)).toBe(true)
  })

  it.each(["", "/a b", "/a#b", "/é", "/\r\n", "/\u010a", "/\n"])("is not %j", (target) => {
    expect(isRequestTarget(target)).toBe(false)
  })
})

describe("RFC 9110 §8.6 and RFC 9112 §7.1 digits", () => {
  it("are ASCII digits only", () => {
    expect(accepted(isDigits)).toBe("0123456789")
    expect(accepted(isHexDigits)).toBe("0123456789ABCDEFabcdef")
  })

  it.each(["", "+1", "-1", "1.0", " 1", "1 ", "1\n", "0x1", "१"])("are not %j", (text) => {
    expect([isDigits(text), isHexDigits(text)]).toEqual([false, false])
  })
})

describe("RFC 9110 §5.6.3 OWS", () => {
  it.each([
    ["", ""],
    [" \t ", ""],
    ["a", "a"],
    ["\t a \t b \t", "a \t b"],
    ["\na\n", "\na\n"],
    ["\xa0a\xa0", "\xa0a\xa0"]
  ])("of %j leaves %j", (text, trimmed) => {
    expect(trimOws(text)).toBe(trimmed)
  })

  it("is trimmed once, however much white space is inside (CVE-2021-32640)", () => {
    const text = `b${" ".repeat(200_000)}x`
    expect(trimOws(` ${text}\t`)).toBe(text)
  })
})

describe("RFC 9110 §5.6.1 lists", () => {
  it.each<[string, ReadonlyArray<string> | undefined]>([
    ["foo ,bar,charlie", ["foo", "bar", "charlie"]],
    ["foo , ,bar,charlie", ["foo", "bar", "charlie"]],
    ["", []],
    [",", []],
    [",   ,", []],
    ["\ta\t", ["a"]],
    ["toString, __proto__", ["toString", "__proto__"]],
    ["a b", undefined],
    ["a;b", undefined],
    ['"a"', undefined],
    ["a,b/c", undefined],
    ["é", undefined]
  ])("tokens of %j: %j; a recipient MUST skip empty elements", (value, tokens) => {
    expect(tokenList(value)).toEqual(tokens)
  })

  it("gives back every list of tokens", () => {
    const token = fc.stringMatching(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,9}$/)
    fc.assert(
      fc.property(fc.array(token), fc.constantFrom(",", ", ", " ,\t", ",,"), (tokens, comma) => {
        expect(tokenList(tokens.join(comma))).toEqual(tokens)
      })
    )
  })

  it("takes a list of 100 000 empty elements at once", () => {
    expect(tokenList(", ".repeat(100_000))).toEqual([])
  })
})

describe("RFC 9110 §7.6.1, §7.8 options and protocols", () => {
  const upgrade = (...values: ReadonlyArray<string>) => Fields.from({ Upgrade: values })

  it.each([
    [["websocket"]],
    [["WebSocket"]],
    [["h2c, websocket"]],
    [["HTTP/2.0, websocket, IRC/6.9"]],
    [["h2c", " websocket "]],
    [[",, websocket ,"]]
  ])("%j has the token websocket, compared case-insensitively", (values) => {
    expect(hasToken(upgrade(...values), "upgrade", "WEBSOCKET")).toBe(true)
  })

  it.each([
    [[]],
    [[""]],
    [["websockets"]],
    [["web socket"]],
    [["websocket/13"]],
    [['"websocket"']],
    [["websocket; a=b"]],
    [["websocket, a b"]],
    [["websocket, /a"]],
    [["websocket, a/"]],
    [["websocket, a/b/c"]]
  ])("%j has it not", (values) => {
    expect(hasToken(upgrade(...values), "Upgrade", "websocket")).toBe(false)
  })
})
