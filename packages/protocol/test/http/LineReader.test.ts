import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { type HttpViolation, httpViolation } from "../../src/http/HttpViolation.js"
import { LineReader } from "../../src/http/LineReader.js"
import { cutAt, everyCut, everyWay, latin1 } from "../support/everyWay.js"

const tooMany = httpViolation("HeadTooLarge", "", "", 431)

/** All lines, and the violation if there is one. */
const lines = (room: number) => (chunks: ReadonlyArray<Uint8Array>) => {
  const reader = new LineReader(room, tooMany)
  const read: Array<string | HttpViolation> = []
  for (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at = reader.next) {
      const line = reader.read(chunk, at)
      if (line !== undefined) read.push(line)
      if (typeof line === "object") return read
    }
  }
  return read
}

const badLineEnd = { kind: "Syntax", section: "RFC 9112 §2.2", status: 400 }
const control = { kind: "Syntax", section: "RFC 9110 §5.5", status: 400 }

describe("RFC 9112 §2.2 lines", () => {
  it.each<[string, ReadonlyArray<string>]>([
    ["", []],
    ["\r\n", [""]],
    ["a\r\n", ["a"]],
    ["a\r\n\r\nb: c\t\r\n", ["a", "", "b: c\t"]],
    ["a\r\nunfinished", ["a"]],
    ["a\r\nunfinished\r", ["a"]],
    ["caf\xe9 \x80\xff caf\xc3\xa9\r\n", ["caf\xe9 \x80\xff caf\xc3\xa9"]],
    ["\xef\xbb\xbfa\r\n", ["\xef\xbb\xbfa"]]
  ])("of %j are %j", (text, expected) => {
    everyCut(lines(1000), latin1(text), expected)
  })

  it.each([
    ["\n", badLineEnd],
    ["a\n", badLineEnd],
    ["\ra", badLineEnd],
    ["a\rb\r\n", badLineEnd],
    ["a\r\r\n", badLineEnd],
    ["\0", control],
    ["a\x01b\r\n", control],
    ["a\x1f", control],
    ["a\x7f", control],
    ["\x16\x03\x01", control]
  ])("%j is refused at the first octet that is wrong", (text, violation) => {
    everyWay(lines(1000), latin1(text), [expect.objectContaining(violation)])
  })

  it("may not be longer than the room, together", () => {
    everyCut(lines(7), latin1("ab\r\nc\r\n"), ["ab", "c"])
    everyWay(lines(7), latin1("ab\r\nc\r\nd"), ["ab", "c", tooMany])
    everyWay(lines(2), latin1("abc"), [tooMany])
    everyWay(lines(2), latin1("a\r\n"), [tooMany])
    everyWay(lines(0), latin1("a"), [tooMany])
  })

  it("have another room, or another violation, when told so", () => {
    const other = httpViolation("TargetTooLong", "", "", 414)
    const reader = new LineReader(2, tooMany)
    reader.refuseWith(other)
    expect(reader.read(latin1("abc"), 0)).toBe(other)
    reader.allow(4, tooMany)
    expect(reader.read(latin1("..\r\n"), 0)).toBe("ab..")
    expect(reader.read(latin1("a"), 0)).toBe(tooMany)
  })

  it("are those of the text, however the octets are cut", () => {
    const text = fc.stringMatching(/^[\t\x20-\x7e\x80-\xff]{0,40}$/)
    fc.assert(
      fc.property(fc.array(text), fc.array(fc.nat(200)), (input, points) => {
        const octets = latin1(input.map((line) => `${line}\r\n`).join(""))
        const sorted = points.filter((point) => point <= octets.length).sort((a, b) => a - b)
        expect(lines(10_000)(cutAt(octets, sorted))).toEqual(input)
      })
    )
  })

  it("any octets give lines or a violation, never a throw", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (octets) => {
        everyCut(lines(20), octets, lines(20)([octets]))
      })
    )
  })
})
