import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Fields, type FieldsInput, invalidField } from "../../src/http/Fields.js"

const pairs = (fields: Fields) => Array.from(fields, ({ name, value }) => [name, value])

const list = Fields.from([
  ["Host", "a"],
  ["Cache-Control", "b"],
  ["X", "c"],
  ["cache-control", "d, e"]
])

describe("RFC 9110 §5 Fields", () => {
  it("are found by name case-insensitively (§5.1)", () => {
    expect(list.has("CACHE-CONTROL")).toBe(true)
    expect(list.get("cache-Control")).toBe("b")
    expect(list.getAll("Cache-control")).toEqual(["b", "d, e"])
  })

  it("are combined in their order, with a comma and a space (§5.3)", () => {
    expect(list.combined("cache-control")).toBe("b, d, e")
    expect(list.combined("host")).toBe("a")
  })

  it("have no values of a name that is absent", () => {
    expect([list.has("y"), list.get("y"), list.getAll("y"), list.combined("y")]).toEqual([
      false,
      undefined,
      [],
      undefined
    ])
    expect(Fields.empty.size).toBe(0)
  })

  it.each(["__proto__", "constructor", "toString", "hasOwnProperty"])("have no %s that was not put in", (name) => {
    expect(list.has(name)).toBe(false)
    expect(list.get(name)).toBe(undefined)
  })

  it("keep the order and the spelling of the names", () => {
    expect(pairs(list)).toEqual([
      ["Host", "a"],
      ["Cache-Control", "b"],
      ["X", "c"],
      ["cache-control", "d, e"]
    ])
    expect(list.size).toBe(4)
  })

  it("print no value by accident", () => {
    expect(JSON.stringify(Fields.from({ Authorization: "Basic c2VjcmV0" }))).toBe("{}")
  })
})

describe("Fields.from", () => {
  it.each<[string, FieldsInput, ReadonlyArray<ReadonlyArray<string>>]>([
    ["fields", list, pairs(list)],
    [
      "a record",
      { B: "1", a: "2" },
      [
        ["B", "1"],
        ["a", "2"]
      ]
    ],
    [
      "a record with lists",
      { A: ["1", "2"], B: [], C: "3" },
      [
        ["A", "1"],
        ["A", "2"],
        ["C", "3"]
      ]
    ],
    ["a Map", new Map([["A", "1"]]), [["A", "1"]]],
    ["no pairs", [], []],
    [
      "own properties only",
      Object.create({ inherited: "1" }, { Own: { value: "2", enumerable: true } }),
      [["Own", "2"]]
    ],
    [
      "a property __proto__",
      JSON.parse('{"__proto__":"1","B":"2"}'),
      [
        ["__proto__", "1"],
        ["B", "2"]
      ]
    ]
  ])("takes %s", (_, input, expected) => {
    const fields = Fields.from(input)
    expect(pairs(fields)).toEqual(expected)
    expect(pairs(Fields.of([...fields]))).toEqual(expected)
  })

  it("does not pollute the prototype of objects", () => {
    const fields = Fields.from(JSON.parse('{"__proto__":["x"],"constructor":["y"]}'))
    expect(fields.get("__proto__")).toBe("x")
    expect(({} as Record<string, unknown>).x).toBe(undefined)
  })
})

describe("Fields, changed", () => {
  it("set in place of the first, and of the others", () => {
    expect(pairs(list.set("CACHE-control", "f"))).toEqual([
      ["Host", "a"],
      ["CACHE-control", "f"],
      ["X", "c"]
    ])
  })

  it("set at the end when absent", () => {
    expect(pairs(list.set("Y", "f"))).toEqual([...pairs(list), ["Y", "f"]])
  })

  it("append behind", () => {
    expect(list.append("x", "f").getAll("X")).toEqual(["c", "f"])
  })

  it("delete all of a name", () => {
    expect(pairs(list.delete("cache-CONTROL"))).toEqual([
      ["Host", "a"],
      ["X", "c"]
    ])
  })

  it("merge: the other names win", () => {
    const other = Fields.from({ HOST: ["1", "2"], Z: "3" })
    expect(pairs(list.delete("Cache-Control").merge(other))).toEqual([
      ["X", "c"],
      ["HOST", "1"],
      ["HOST", "2"],
      ["Z", "3"]
    ])
  })

  it("are new fields; the old ones stay", () => {
    const before = pairs(list)
    list.set("X", "1")
    list.append("X", "1")
    list.delete("X")
    list.merge(Fields.from({ X: "1" }))
    expect(pairs(list)).toEqual(before)
  })

  it("find what a list of pairs says, whatever the names", () => {
    const name = fc.constantFrom("a", "A", "b", "__proto__", "Constructor")
    fc.assert(
      fc.property(fc.array(fc.tuple(name, fc.string())), name, (input, wanted) => {
        const values = input.filter(([each]) => each.toLowerCase() === wanted.toLowerCase()).map(([, value]) => value)
        expect(Fields.from(input).getAll(wanted)).toEqual(values)
        expect(Fields.from(input).delete(wanted).size).toBe(input.length - values.length)
      })
    )
  })
})

describe("Fields, packed", () => {
  const name = fc.oneof(fc.constantFrom("Host", "host", "Via", ""), fc.string())
  const value = fc.oneof(fc.constantFrom("", "a: b", "a\nb", "a, b"), fc.string())

  it("are the same fields, whatever stands in them, and however often", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value)), fc.nat(2), (input, times) => {
        const fields = Fields.from(input)
        for (let n = 0; n < times; n++) fields.pack()
        expect(pairs(fields)).toEqual(input)
        expect(fields.size).toBe(input.length)
        for (const [name] of input) {
          expect(fields.getAll(name)).toEqual(Fields.from(input).getAll(name))
          expect(pairs(fields.delete(name))).toEqual(pairs(Fields.from(input).delete(name)))
        }
        expect(pairs(fields.append("X", "y"))).toEqual([...input, ["X", "y"]])
      })
    )
  })

  it("print no value by accident", () => {
    const fields = Fields.from({ Authorization: "secret" })
    fields.pack()
    expect(JSON.stringify(fields)).not.toContain("secret")
    expect(Object.values(fields)).toEqual([])
  })
})

describe("RFC 9110 §5.5 a field that may not stand in a head", () => {
  it.each([
    ["Host", "example.org"],
    ["X", ""],
    ["X", "a\tb"],
    ["X", "caf\xe9"]
  ])("%j: %j may", (name, value) => {
    expect(invalidField(name, value)).toBe(undefined)
  })

  it.each([
    ["X", "a\r\nX: y"],
    ["X", "a\nb"],
    ["X", "a\rb"],
    ["X", "a\0b"],
    ["X", "a\x7f"],
    ["X", "\u010a"],
    ["X", "\u{1f600}"],
    ["X", " a"]
  ])("%j: %j may not, for its value", (name, value) => {
    expect(invalidField(name, value)).toMatch(/^RFC 9110 §5\.5: /)
  })

  it.each([
    ["", "a"],
    ["a b", "a"],
    ["a:", "a"],
    ["a\r\n", "a"],
    ["\u010a", "a"],
    ["\u212a", "a"]
  ])("%j: %j may not, for its name", (name, value) => {
    expect(invalidField(name, value)).toBe("RFC 9110 §5.1: a field name is a token")
  })
})
