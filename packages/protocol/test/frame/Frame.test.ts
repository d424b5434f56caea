import { describe, expect, it } from "vitest"
import { escape, type Frame, format, quote } from "../../src/frame/Frame.js"
import { Opcode } from "../../src/frame/Opcode.js"
import { octetsOf, utf8 } from "../support/frames.js"

const frame = (opcode: Opcode, payload: Uint8Array, fin = true, rsv = 0): Frame => ({ fin, rsv, opcode, payload })

describe("Frame.format", () => {
  it.each([
    ['> Text fin 5 octets "Hello"', frame(Opcode.Text, utf8("Hello"))],
    ['> Text 3 octets "Hel"', frame(Opcode.Text, utf8("Hel"), false)],
    ['> Continuation fin 2 octets "lo"', frame(Opcode.Continuation, utf8("lo"))],
    ["> Text fin 0 octets", frame(Opcode.Text, new Uint8Array(0))],
    ["> Text fin rsv1 7 octets f2 48 cd c9 c9 07 00", frame(Opcode.Text, octetsOf("f248cdc9c90700"), true, 4)],
    ["> Text fin rsv2 rsv3 1 octets 61", frame(Opcode.Text, utf8("a"), true, 3)],
    ["> Text fin 2 octets c3 28", frame(Opcode.Text, octetsOf("c328"))],
    ["> Binary fin 3 octets 61 00 ff", frame(Opcode.Binary, octetsOf("6100ff"))],
    ['> Ping 5 octets "Hello"', frame(Opcode.Ping, utf8("Hello"))],
    ["> Pong 0 octets", frame(Opcode.Pong, new Uint8Array(0))],
    ["> Close", frame(Opcode.Close, new Uint8Array(0))],
    ["> Close 03", frame(Opcode.Close, octetsOf("03"))],
    ["> Close 1000", frame(Opcode.Close, octetsOf("03e8"))],
    ['> Close 1000 "bye"', frame(Opcode.Close, octetsOf("03e8627965"))],
    ["> Close 1000 ff", frame(Opcode.Close, octetsOf("03e8ff"))]
  ])("gives the line %s", (line, frame) => {
    expect(format(frame, ">")).toBe(line)
  })

  it("marks what was received", () => {
    expect(format(frame(Opcode.Close, octetsOf("03e8627965")), "<")).toBe('< Close 1000 "bye"')
  })

  it("shows the beginning of a long payload, and cuts no character", () => {
    expect(format(frame(Opcode.Text, utf8("a".repeat(200))), ">")).toBe(`> Text fin 200 octets "${"a".repeat(48)}"…`)
    const long = utf8(`${"a".repeat(47)}${"é".repeat(9)}`)
    expect(format(frame(Opcode.Text, long), ">")).toBe(`> Text fin 65 octets "${"a".repeat(47)}"…`)
    const bad = new Uint8Array(60).fill(0x80)
    expect(format(frame(Opcode.Text, bad), ">")).toBe(`> Text fin 60 octets ${"80 ".repeat(44)}80…`)
  })
})

describe("Frame.format of a payload whose beginning alone is there", () => {
  it("tells the whole length, and that more follows", () => {
    expect(format(frame(Opcode.Text, utf8("begin")), "<", 1_000_000)).toBe('< Text fin 1000000 octets "begin"…')
  })
})

describe("Frame.quote", () => {
  it("leaves nothing of a peer's text that a terminal or a log would obey", () => {
    expect(quote('\x1b[2J\r\n\x00\x7f\x9b\u202e\u2066\ufeff"\\')).toBe(
      '"\\u{1b}[2J\\u{0d}\\u{0a}\\u{00}\\u{7f}\\u{9b}\\u{202e}\\u{2066}\\u{feff}\\u{22}\\u{5c}"'
    )
  })

  it("keeps text", () => {
    expect(quote("Grüße, 世界 😀")).toBe('"Grüße, 世界 😀"')
  })
})

describe("Frame.escape", () => {
  it("leaves quotes and backslashes, and escapes what is asked for besides what controls a terminal", () => {
    expect(escape('{"a": "\\n"}\x1b[2J\n')).toBe('{"a": "\\n"}\\u{1b}[2J\\u{0a}')
    expect(escape("a/b", "/")).toBe("a\\u{2f}b")
  })
})
