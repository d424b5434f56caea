import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { ChunkedDecoder } from "../../src/http/ChunkedDecoder.js"
import { isHttpViolation } from "../../src/http/HttpViolation.js"
import { cutAt, everyCut, everyWay, latin1, type Run } from "../support/everyWay.js"

/** Data, whether the body has ended, and the number of octets it took; or the violation. */
const body: Run = (chunks) => {
  const decoder = new ChunkedDecoder()
  const data: Array<number> = []
  let size = 0
  for (const chunk of chunks) {
    const result = decoder.decode(chunk, 0, (octets, start, end) => data.push(...octets.subarray(start, end)))
    if (isHttpViolation(result)) return result
    size += result.next
    if (result.done) return { data: String.fromCharCode(...data), done: true, size }
  }
  return { data: String.fromCharCode(...data), done: false, size }
}

const whole = (text: string, data: string): void =>
  everyWay(body, latin1(text), { data, done: true, size: text.length })

const broken = (text: string, section: string, kind = "Framing"): void =>
  everyWay(body, latin1(text), expect.objectContaining({ kind, section, status: 400 }))

describe("RFC 9112 §7.1 Chunked Transfer Coding", () => {
  it.each([
    ["one chunk", "5\r\nhello\r\n0\r\n\r\n", "hello"],
    ["no data", "0\r\n\r\n", ""],
    ["several chunks", "1\r\na\r\nA\r\n0123456789\r\n0b\r\n0123456789a\r\n000\r\n\r\n", "a01234567890123456789a"],
    ["data that look like the end", "7\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n", "\r\n0\r\n\r\n"],
    ["any octets as data", "3\r\n\0\r\xff\r\n0\r\n\r\n", "\0\r\xff"],
    ["sixteen digits", "0000000000000001\r\na\r\n0\r\n\r\n", "a"]
  ])("%s", (_, text, data) => {
    whole(text, data)
  })

  it.each(["", "5", "5\r\n", "5\r\nhel", "5\r\nhello", "5\r\nhello\r", "5\r\nhello\r\n", "0\r\n", "0\r\nA: b\r\n"])(
    "%j is not complete",
    (text) => {
      const data = text.includes("\n") ? text.slice(3, 8).replace(/[\r\n]|A: b/g, "") : ""
      everyCut(body, latin1(text), { data, done: false, size: text.length })
    }
  )

  it.each([
    "\r\n",
    "x\r\n",
    "0x5\r\n",
    "-1\r\n",
    "+1\r\n",
    "1.\r\n",
    " 5\r\n",
    "\t5\r\n",
    ";a\r\n",
    "5g\r\n",
    "5:\r\n"
  ])("the size %j is refused", (text) => {
    broken(text, "RFC 9112 §7.1")
  })

  it("MUST anticipate large sizes: those over 2^53 - 1 are refused", () => {
    everyCut(body, latin1("1fffffffffffff\r\na"), { data: "a", done: false, size: 17 })
    broken("20000000000000\r\n", "RFC 9112 §7.1")
    broken("ffffffffffffffff\r\n", "RFC 9112 §7.1")
    broken("10000000000000000\r\n", "RFC 9112 §7.1")
    broken("00000000000000001\r\n", "RFC 9112 §7.1")
  })

  it("refuses data which are longer than their size", () => {
    broken("5\r\nhello!\r\n", "RFC 9112 §7.1")
    broken("5\r\nhello0\r\n\r\n", "RFC 9112 §7.1")
  })

  it.each(["5\n", "5\rh", "5\r\nhello\n", "5\r\nhello\rx", "5;a\n", "0\r\n\n", "0\r\nA: b\n"])(
    "%j is refused: a line ends with CRLF (§2.2)",
    (text) => {
      broken(text, "RFC 9112 §2.2", "Syntax")
    }
  )
})

describe("RFC 9112 §7.1.1 Chunk Extensions", () => {
  it.each(["5;a", "5;a=b", '5;a="b;c"', "5 ; a = b", "5\t;a;b", "5;"])("%j MUST be ignored", (size) => {
    whole(`${size}\r\nhello\r\n0;x\r\n\r\n`, "hello")
  })

  it.each(["5 ", "5 a", "5\ta;b"])("%j is none", (size) => {
    broken(`${size}\r\n`, "RFC 9112 §7.1.1")
  })

  it("SHOULD be limited: one of them", () => {
    const size = `5;${"a".repeat(4095)}`
    whole(`${size}\r\nhello\r\n0\r\n\r\n`, "hello")
    expect(body([latin1(`5;${"a".repeat(5000)}`)])).toMatchObject({ section: "RFC 9112 §7.1.1", status: 400 })
  })

  it("SHOULD be limited: all together", () => {
    const chunk = `1;${"a".repeat(99)}\r\nx\r\n`
    expect(body([latin1(chunk.repeat(40))])).toMatchObject({ done: false })
    expect(body([latin1(chunk.repeat(50))])).toMatchObject({ section: "RFC 9112 §7.1.1", status: 400 })
  })

  it("have no controls", () => {
    broken("5;a\0\r\n", "RFC 9110 §5.5", "Syntax")
  })
})

describe("RFC 9112 §7.1.2 Trailer Section", () => {
  it("MAY be discarded", () => {
    whole("5\r\nhello\r\n0\r\nExpires: never\r\nA:\r\n\r\n", "hello")
  })

  it("has field lines only", () => {
    broken("0\r\nXnocolon\r\n", "RFC 9112 §5.1", "Syntax")
    broken("0\r\nA: b\r\n c\r\n", "RFC 9112 §5.2", "Syntax")
    broken("0\r\nA: \0", "RFC 9110 §5.5", "Syntax")
  })

  it("is limited", () => {
    const fields = `A: ${"a".repeat(1019)}\r\n`
    expect(body([latin1(`0\r\n${fields.repeat(8)}`)])).toMatchObject({ done: false })
    expect(body([latin1(`0\r\n${fields.repeat(8)}\r\n`)])).toMatchObject({ section: "RFC 9112 §7.1.2", status: 400 })
  })
})

describe("ChunkedDecoder", () => {
  it("begins where it is told, and gives the data where they are", () => {
    const octets = latin1("xx5\r\nhello\r\n0\r\n\r\nyy")
    const ranges: Array<unknown> = []
    const result = new ChunkedDecoder().decode(octets, 2, (lent, start, end) => ranges.push([lent, start, end]))
    expect(result).toEqual({ done: true, next: octets.length - 2 })
    expect(ranges).toEqual([[octets, 5, 10]])
  })

  it("takes nothing behind the end", () => {
    const decoder = new ChunkedDecoder()
    decoder.decode(latin1("0\r\n\r\n"), 0, () => {})
    expect(decoder.decode(latin1("5\r\n"), 1, () => {})).toEqual({ done: true, next: 1 })
  })

  it("gives the data that were cut into chunks, however the octets are cut", () => {
    const piece = fc.uint8Array({ minLength: 1, maxLength: 40 })
    fc.assert(
      fc.property(fc.array(piece), fc.array(fc.nat(300)), (pieces, points) => {
        const data = pieces.map((octets) => String.fromCharCode(...octets))
        const text = `${data.map((each) => `${each.length.toString(16)}\r\n${each}\r\n`).join("")}0\r\n\r\n`
        const sorted = points.filter((point) => point <= text.length).sort((a, b) => a - b)
        expect(body(cutAt(latin1(text), sorted))).toEqual({ data: data.join(""), done: true, size: text.length })
      })
    )
  })

  it("any octets give data or a violation, never a throw, and the same for every cut", () => {
    const pieces = fc.constantFrom("0", "1", "a", "\r\n", "\r", "\n", ";", " ", "A: b", "\0", "\xff")
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 20 }), (parts) => {
        const octets = latin1(parts.join(""))
        everyCut(body, octets, body([octets]))
      })
    )
  })
})
