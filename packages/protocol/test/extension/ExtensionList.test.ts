import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as ExtensionList from "../../src/extension/ExtensionList.js"

const extension = (
  name: string,
  ...parameters: ReadonlyArray<readonly [string, string?]>
): ExtensionList.Extension => ({
  name,
  parameters: parameters.map(([parameter, value]) => ({ name: parameter, value }))
})

describe("RFC 6455 §9.1 the examples", () => {
  it.each([
    ["foo", [extension("foo")]],
    ["bar; baz=2", [extension("bar", ["baz", "2"])]],
    ["foo, bar; baz=2", [extension("foo"), extension("bar", ["baz", "2"])]],
    ["deflate-stream", [extension("deflate-stream")]],
    [
      "mux; max-channels=4; flow-control, deflate-stream",
      [extension("mux", ["max-channels", "4"], ["flow-control"]), extension("deflate-stream")]
    ],
    ["private-extension", [extension("private-extension")]]
  ])("%s", (value, list) => {
    expect(ExtensionList.parse(value)).toEqual(list)
    expect(ExtensionList.format(list)).toBe(value)
  })
})

describe("RFC 6455 §9.1 grammar", () => {
  it.each([
    ["white space around every delimiter", " \ta ;\tb = c , d\t", [extension("a", ["b", "c"]), extension("d")]],
    ["a quoted value", 'a; b="10"', [extension("a", ["b", "10"])]],
    ["an escaped quoted value", 'a; b="\\1\\0"', [extension("a", ["b", "10"])]],
    ["a quoted value and more", 'a; b="c"; d, e', [extension("a", ["b", "c"], ["d"]), extension("e")]],
    ["empty elements (RFC 9110 §5.6.1.2)", ", a,, ,b,", [extension("a"), extension("b")]],
    ["a name twice", "a; b; b=1, a", [extension("a", ["b"], ["b", "1"]), extension("a")]],
    [
      "words that every object knows",
      "constructor; toString=1, __proto__; hasOwnProperty",
      [extension("constructor", ["toString", "1"]), extension("__proto__", ["hasOwnProperty"])]
    ]
  ])("allows %s", (_, value, list) => {
    expect(ExtensionList.parse(value)).toEqual(list)
  })

  it.each([
    ["nothing", ""],
    ["only empty elements", " , ,"],
    ["a semicolon at the end", "a;"],
    ["only semicolons", ";;"],
    ["an empty parameter", "a; ; b"],
    ["a value without a name", "a; =b"],
    ["an equals sign without a value", "a; b="],
    ["an equals sign before the next parameter", "a; b=; c"],
    ["two equals signs", "a; b==c"],
    ["an extension with a value", "a=b"],
    ["two tokens", "a b"],
    ["two tokens as a value", "a; b=c d"],
    ["an empty quoted value", 'a; b=""'],
    ["a quoted value which is no token", 'a; b="c d"'],
    ["a quoted value without its end", 'a; b="c'],
    ["an escape at the end", 'a; b="c\\'],
    ["a token behind a quoted value", 'a; b="c"d'],
    ["a quoted name", '"a"'],
    ["a quoted parameter name", 'a; "b"=c'],
    ["a control character", "a\x00"],
    ["a character beyond ASCII", "\u00e9"],
    ["a line break as white space", "a;\r\n b"],
    ["another delimiter", "a/b"]
  ])("refuses %s", (_, value) => {
    expect(ExtensionList.parse(value)).toBeUndefined()
  })

  it("takes an escape in a long unfinished string once (CVE-2020-7662)", () => {
    expect(ExtensionList.parse(`a; b="${"\\c".repeat(50_000)}`)).toBeUndefined()
  })
})

describe("RFC 6455 §9.1 laws", () => {
  const token = fc.stringOf(fc.constantFrom(..."abzAZ019!#$%&'*+-.^_`|~"), { minLength: 1, maxLength: 6 })
  const parameter = fc.record({ name: token, value: fc.option(token, { nil: undefined }) })
  const list = fc.array(fc.record({ name: token, parameters: fc.array(parameter, { maxLength: 3 }) }), { minLength: 1 })

  it("parse(format(x)) = x", () => {
    fc.assert(
      fc.property(list, (extensions) => {
        expect(ExtensionList.parse(ExtensionList.format(extensions))).toEqual(extensions)
      })
    )
  })

  it("any text gives a list which can be written and read again, or undefined", () => {
    fc.assert(
      fc.property(fc.stringOf(fc.constantFrom(...'ab;,= "\\\té')), (text) => {
        const extensions = ExtensionList.parse(text)
        if (extensions !== undefined) expect(ExtensionList.parse(ExtensionList.format(extensions))).toEqual(extensions)
      })
    )
  })

  it("no extensions are the empty value", () => {
    expect(ExtensionList.format([])).toBe("")
  })
})
