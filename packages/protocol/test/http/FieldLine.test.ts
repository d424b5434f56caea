import { describe, expect, it } from "vitest"
import { decode } from "../../src/http/FieldLine.js"

describe('RFC 9112 §5 field-line = field-name ":" OWS field-value OWS', () => {
  it.each([
    ["Host: example.org", "Host", "example.org"],
    ["host:example.org", "host", "example.org"],
    ["X:", "X", ""],
    ["X: \t ", "X", ""],
    ["X:\ta b \t", "X", "a b"],
    ["X: a: b:", "X", "a: b:"],
    ["__proto__: x", "__proto__", "x"],
    ["X: caf\xe9", "X", "caf\xe9"]
  ])("%j", (line, name, value) => {
    expect(decode(line)).toEqual({ name, value })
  })

  it.each(["Xnocolon", ": b", ":", "X : b", "X\t: b", "X Y: b", '"X": b', "\xe9: b", "(X): b"])(
    "%j MUST be refused: no token and colon (§5.1)",
    (line) => {
      expect(decode(line)).toMatchObject({ kind: "Syntax", section: "RFC 9112 §5.1", status: 400 })
    }
  )

  it.each([" folded", "\tfolded", " X: b", " "])("%j MUST be refused: a fold (§5.2)", (line) => {
    expect(decode(line)).toMatchObject({ kind: "Syntax", section: "RFC 9112 §5.2", status: 400 })
  })
})
