import { describe, expect, it } from "@effect/vitest"
import { Utf8Validator } from "@effect-websocket/protocol/bytes/Utf8"
import { drives, fromHex } from "../support/corpus.js"
import { against } from "../support/framePlay.js"
import { leavesNothing } from "../support/leaks.js"
import { places } from "../support/places.js"

type Range = readonly [least: number, greatest: number]

const tail: Range = [0x80, 0xbf]

/** The Unicode Standard, table 3-7: the ranges of the octets of well-formed sequences. */
const wellFormed: ReadonlyArray<ReadonlyArray<Range>> = [
  [[0x00, 0x7f]],
  [[0xc2, 0xdf], tail],
  [[0xe0, 0xe0], [0xa0, 0xbf], tail],
  [[0xe1, 0xec], tail, tail],
  [[0xed, 0xed], [0x80, 0x9f], tail],
  [[0xee, 0xef], tail, tail],
  [[0xf0, 0xf0], [0x90, 0xbf], tail, tail],
  [[0xf1, 0xf3], tail, tail, tail],
  [[0xf4, 0xf4], [0x80, 0x8f], tail, tail]
]

/** The index of the first octet of a sequence that can not stand there, or -1; and whether the sequence is complete. */
interface Verdict {
  readonly bad: number
  readonly isComplete: boolean
}

const judge = (octets: ReadonlyArray<number>): Verdict => {
  let rows = wellFormed
  for (const [index, octet] of octets.entries()) {
    rows = rows.filter((row) => row[index] !== undefined && octet >= row[index][0] && octet <= row[index][1])
    if (rows.length === 0) return { bad: index, isComplete: false }
  }
  return { bad: -1, isComplete: rows.some((row) => row.length === octets.length) }
}

/** The same by our validator, the octets being cut before `cut`. */
const validate = (octets: Uint8Array, cut: number): Verdict => {
  const validator = new Utf8Validator()
  let bad = validator.push(octets, 0, cut)
  if (bad < 0) bad = validator.push(octets, cut, octets.length)
  return { bad, isComplete: bad < 0 && validator.isComplete }
}

const isSame = (a: Verdict, b: Verdict): boolean => a.bad === b.bad && a.isComplete === b.isComplete

/** Those sequences, and where they were cut, of which our validator says something else. */
const wrong = (sequences: Iterable<ReadonlyArray<number>>): ReadonlyArray<string> => {
  const found: Array<string> = []
  for (const sequence of sequences) {
    const expected = judge(sequence)
    const octets = Uint8Array.from(sequence)
    for (let cut = 0; cut <= octets.length; cut++) {
      if (!isSame(validate(octets, cut), expected)) found.push(`${Buffer.from(octets).toString("hex")} cut at ${cut}`)
    }
  }
  return found
}

const all = Array.from({ length: 256 }, (_, octet) => octet)

/** The ends of all ranges, and their neighbours. */
const ends = [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff]

/** Sequences of octets: any first of these, any second, and the ends of ranges behind them. */
function* sequences(first: Range, length: number): Generator<ReadonlyArray<number>> {
  let heads = all.filter((octet) => octet >= first[0] && octet <= first[1]).map((octet) => [octet])
  for (let index = 1; index < length; index++) {
    heads = heads.flatMap((head) => (index === 1 ? all : ends).map((octet) => [...head, octet]))
  }
  yield* heads
}

describe("Beast utf8_checker.cpp (PARITY §17.7), cut at all points", () => {
  for (const [name, first, length] of [
    ["testOneByteSequence: every first octet", [0x00, 0xff], 1],
    ["testTwoByteSequence: every first and second octet", [0xc0, 0xdf], 2],
    ["testThreeByteSequence: every first and second octet, the ends of the third's ranges", [0xe0, 0xef], 3],
    ["testFourByteSequence: every first and second octet, the ends of the others' ranges", [0xf0, 0xf4], 4],
    ["testFourByteSequence: the first octets above U+10FFFF", [0xf5, 0xff], 2]
  ] as const) {
    it(name, () => {
      expect(wrong(sequences(first, length))).toEqual([])
    })
  }

  for (const text of [
    "Heizölrückstoßabdämpfung",
    "Γαζέες καὶ μυρτιὲς δὲν θὰ βρῶ πιὰ στὸ χρυσαφὶ ξέφωτο",
    "Árvíztűrő tükörfúrógép",
    "\u{10000}"
  ]) {
    it(`testWithStreamBuffer: ${text}`, () => {
      const octets = Uint8Array.from(Buffer.from(text))
      for (let cut = 0; cut <= octets.length; cut++)
        expect(validate(octets, cut)).toEqual({ bad: -1, isComplete: true })
    })
  }

  it("testBranches: from the alignment to the slow loop", () => {
    const octets = fromHex([{ repeat: "c280", times: 64 }])
    for (let start = 0; start < 16; start += 2) {
      expect(new Utf8Validator().push(octets, start, octets.length)).toBe(-1)
    }
  })

  it("testBranches: an invalid octet in the last word of a run of ASCII", () => {
    for (let length = 0; length < 100; length++) {
      const octets = Uint8Array.from(Buffer.from(`${"*".repeat(length)}\x80***`, "latin1"))
      expect(validate(octets, 0)).toEqual({ bad: length, isComplete: false })
    }
  })

  it("AutodeskTests: start e0, a6 81 end", () => {
    const octets = Uint8Array.from([...Buffer.from("start"), 0xe0, 0xa6, 0x81, ...Buffer.from("end")])
    expect(validate(octets, 6)).toEqual({ bad: -1, isComplete: true })
  })

  it("Autobahn 6.18.1: c1 bf is refused at its first octet", () => {
    expect(validate(Uint8Array.of(0xc1, 0xbf), 2)).toEqual({ bad: 0, isComplete: false })
  })

  it("Autobahn 6.4.2, 6.4.4: f4 90 is refused at its second octet, though the first one was the end of a part", () => {
    const octets = fromHex("cebae1bdb9cf83cebcceb5f490")
    expect(validate(octets, 12)).toEqual({ bad: 12, isComplete: false })
  })
})

const refused = { expect: { messages: [], close: 1007, error: "ProtocolError.BadFramePayload" } }

describe("Beast utf8_checker.cpp: the sequences of Autobahn on a connection (PARITY §17.7)", () => {
  leavesNothing()
  for (const [name, octets] of [
    ["6.4.2, in fragments", "010ccebae1bdb9cf83cebcceb5f4000190"],
    ["6.4.4, in a frame that has not ended", "8115cebae1bdb9cf83cebcceb5f490"],
    ["6.18.1", "8102c1"]
  ] as const) {
    for (const [way, pieces] of drives(fromHex(octets))) {
      it.scopedLive(`${name}, ${way}`, () => against("client", places.memory!, refused, pieces))
    }
  }
})
