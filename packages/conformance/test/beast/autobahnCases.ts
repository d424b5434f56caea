/**
 * What the cases of the Autobahn test suite send, by its numbers, and what must come back; strictly, and in both roles.
 *
 * Its groups 1 to 5, 7 and 10, and the begin of 6. What follows of 6 are UTF-8 sequences: `utf8.test.ts` has all there are. Groups 12
 * and 13 are parameters of permessage-deflate: `test/deflate`.
 */
import type { FrameCase } from "../support/corpus.js"
import type { Role } from "../support/framePlay.js"
import { frame } from "../support/wire.js"
import { tagOf } from "./codes.js"

/** First octet and payload of a frame. */
type Sent = readonly [first: number, payload?: string | Uint8Array]

export interface AutobahnCase {
  readonly id: string
  readonly frames: ReadonlyArray<Sent>
  /** Octets of one write. Default: all in one. */
  readonly chop?: number
  readonly expect: FrameCase["expect"]
}

/** All octets of a case, as the peer of this role sends them. */
export const octetsOf = ({ frames }: AutobahnCase, sender: Role): Uint8Array =>
  new Uint8Array(Buffer.concat(frames.map(([first, payload = ""]) => frame(first, Buffer.from(payload), sender))))

type Messages = FrameCase["expect"]["messages"]

const passes = (id: string, frames: ReadonlyArray<Sent>, messages: Messages, pongs: ReadonlyArray<string> = []) => ({
  id,
  frames,
  expect: { messages, pongs, error: "Closed" }
})

/** The connection is failed, with 1002 unless it is said. */
const fails = (id: string, frames: ReadonlyArray<Sent>, code: string, messages: Messages = [], close = 1002) => ({
  id,
  frames,
  expect: { messages, close, error: `ProtocolError.${tagOf(code)}` }
})

const closes = (id: string, frames: ReadonlyArray<Sent>, close: number, messages: Messages = []) => ({
  id,
  frames,
  expect: { messages, close, error: "Closed" }
})

const text = 0x81
const binary = 0x82
const ping = 0x89
const pong = 0x8a
const close = 0x88
const textBegin = 0x01
const more = 0x00
const last = 0x80
const hello = "Hello, world!"

const code = (value: number, reason: string | Uint8Array = ""): Uint8Array =>
  new Uint8Array(Buffer.concat([Buffer.of(value >> 8, value & 0xff), Buffer.from(reason)]))

/** 1: messages of these lengths, the longest once more in pieces of 997 octets. */
const sizes: ReadonlyArray<readonly [length: number, chop?: number]> = [
  ...[0, 125, 126, 127, 128, 65_535, 65_536].map((length) => [length] as const),
  [65_536, 997]
]

const framing = sizes.flatMap(([length, chop], index): ReadonlyArray<AutobahnCase> => {
  const chopped = chop === undefined ? {} : { chop }
  const octets = new Uint8Array(length).fill(0xfe)
  return [
    { ...passes(`1.1.${index + 1}`, [[text, "*".repeat(length)]], ["*".repeat(length)]), ...chopped },
    {
      ...passes(`1.2.${index + 1}`, [[binary, octets]], [{ octets: [{ repeat: "fe", times: length }] }]),
      ...chopped
    }
  ]
})

const fe = new Uint8Array(125).fill(0xfe)
const hex = (octets: string | Uint8Array) => Buffer.from(octets).toString("hex")
const tenPings = Array.from({ length: 10 }, (_, n): Sent => [ping, `payload-${n}`])

const pings: ReadonlyArray<AutobahnCase> = [
  passes("2.1", [[ping]], [], [""]),
  passes("2.2", [[ping, hello]], [], [hex(hello)]),
  passes("2.3", [[ping, Uint8Array.of(0, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0, 0xff)]], [], ["00fffefdfcfb00ff"]),
  passes("2.4", [[ping, fe]], [], [hex(fe)]),
  fails("2.5", [[ping, new Uint8Array(126).fill(0xfe)]], "bad_control_size"),
  { ...passes("2.6", [[ping, fe]], [], [hex(fe)]), chop: 1 },
  passes("2.7", [[pong]], []),
  passes("2.8", [[pong, "unsolicited"]], []),
  passes(
    "2.9",
    [
      [pong, "unsolicited"],
      [ping, "ping"]
    ],
    [],
    [hex("ping")]
  ),
  passes(
    "2.10",
    tenPings,
    [],
    tenPings.map(([, payload = ""]) => hex(payload))
  ),
  {
    ...passes(
      "2.11",
      tenPings,
      [],
      tenPings.map(([, payload = ""]) => hex(payload))
    ),
    chop: 1
  }
]

const rsv = (id: string, bits: number, first: number, before: Messages = []) =>
  fails(
    id,
    [...before.map((): Sent => [text, hello]), [first | (bits << 4), first === close ? code(1000) : hello], [ping]],
    "bad_reserved_bits",
    before
  )

const reservedBits: ReadonlyArray<AutobahnCase> = [
  rsv("3.1", 1, text),
  rsv("3.2", 2, text, [hello]),
  rsv("3.3", 3, text, [hello]),
  { ...rsv("3.4", 4, text, [hello]), chop: 1 },
  rsv("3.5", 5, binary),
  rsv("3.6", 6, ping),
  rsv("3.7", 7, close)
]

const opcodes = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode, index): AutobahnCase => {
  const id = index < 5 ? `4.1.${index + 1}` : `4.2.${index - 4}`
  const payload = index % 5 === 0 || index % 5 === 2 ? "" : "reserved opcode payload"
  const before: Messages = index % 5 < 2 ? [] : [hello]
  return fails(id, [...before.map((): Sent => [text, hello]), [0x80 | opcode, payload], [ping]], "bad_opcode", before)
})

const fragmentation: ReadonlyArray<AutobahnCase> = [
  fails(
    "5.1",
    [
      [0x09, "frag"],
      [last, "ment"]
    ],
    "bad_control_fragment"
  ),
  fails(
    "5.2",
    [
      [0x0a, "frag"],
      [last, "ment"]
    ],
    "bad_control_fragment"
  ),
  passes(
    "5.3",
    [
      [textBegin, "fragment1"],
      [last, "fragment2"]
    ],
    ["fragment1fragment2"]
  ),
  {
    ...passes(
      "5.5",
      [
        [textBegin, "fragment1"],
        [last, "fragment2"]
      ],
      ["fragment1fragment2"]
    ),
    chop: 1
  },
  passes(
    "5.6",
    [
      [textBegin, "fragment1"],
      [ping, "p"],
      [last, "fragment2"]
    ],
    ["fragment1fragment2"],
    ["70"]
  ),
  {
    ...passes(
      "5.8",
      [
        [textBegin, "a"],
        [ping, "p"],
        [last, "b"]
      ],
      ["ab"],
      ["70"]
    ),
    chop: 1
  },
  fails(
    "5.9",
    [
      [last, "non-continuation"],
      [text, hello]
    ],
    "bad_continuation"
  ),
  fails(
    "5.12",
    [
      [more, "non-continuation"],
      [text, hello]
    ],
    "bad_continuation"
  ),
  fails(
    "5.15",
    [
      [textBegin, "a"],
      [last, "b"],
      [more, "c"],
      [textBegin, "d"],
      [last, "e"]
    ],
    "bad_continuation",
    ["ab"]
  ),
  fails(
    "5.16",
    [
      [more, "a"],
      [textBegin, "b"],
      [last, "c"],
      [more, "a"]
    ],
    "bad_continuation"
  ),
  fails(
    "5.17",
    [
      [last, "a"],
      [textBegin, "b"],
      [last, "c"]
    ],
    "bad_continuation"
  ),
  fails(
    "5.18",
    [
      [textBegin, "a"],
      [textBegin, "b"]
    ],
    "bad_data_frame"
  ),
  passes(
    "5.19",
    [
      [textBegin, "1"],
      [more, "2"],
      [ping, "p"],
      [more, "3"],
      [more, "4"],
      [ping, "q"],
      [last, "5"]
    ],
    ["12345"],
    ["70", "71"]
  )
]

const sentence = "Hello-µ@ßöäüàá-UTF-8!!"
const octets = (value: string | Uint8Array): ReadonlyArray<Sent> => {
  const all = Buffer.from(value)
  return Array.from(all, (octet, index): Sent => {
    const isLast = index === all.length - 1
    return [(isLast ? 0x80 : 0) | (index === 0 ? textBegin : more), Uint8Array.of(octet)]
  })
}
const surrogate = Uint8Array.from([...Buffer.from("κόσμε"), 0xed, 0xa0, 0x80, ...Buffer.from("edited")])

const utf8: ReadonlyArray<AutobahnCase> = [
  passes("6.1.1", [[text]], [""]),
  passes("6.1.2", [[textBegin], [more], [last]], [""]),
  passes("6.1.3", [[textBegin], [more, "middle frame payload"], [last]], ["middle frame payload"]),
  passes("6.2.1", [[text, sentence]], [sentence]),
  passes(
    "6.2.2",
    [
      [textBegin, "Hello-µ@ßöä"],
      [last, "üàá-UTF-8!!"]
    ],
    [sentence]
  ),
  passes("6.2.3", octets(sentence), [sentence]),
  passes("6.2.4", octets("κόσμε"), ["κόσμε"]),
  fails("6.3.1", [[text, surrogate]], "bad_frame_payload", [], 1007),
  fails("6.3.2", octets(surrogate), "bad_frame_payload", [], 1007)
]

const good = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999]
const wrong = [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 5000, 65_535]
const badReason = Uint8Array.from([...Buffer.from("κόσμε"), 0xed, 0xa0, 0x80])

const closing: ReadonlyArray<AutobahnCase> = [
  closes(
    "7.1.1",
    [
      [text, hello],
      [close, code(1000)]
    ],
    1000,
    [hello]
  ),
  closes(
    "7.1.2",
    [
      [close, code(1000)],
      [close, code(1000)]
    ],
    1000
  ),
  closes("7.1.3", [[close, code(1000)], [ping]], 1000),
  closes(
    "7.1.4",
    [
      [close, code(1000)],
      [text, hello]
    ],
    1000
  ),
  closes(
    "7.1.5",
    [
      [textBegin, "fragment1"],
      [close, code(1000)],
      [last, "fragment2"]
    ],
    1000
  ),
  closes("7.3.1", [[close]], 1005),
  fails("7.3.2", [[close, "a"]], "bad_close_size"),
  closes("7.3.3", [[close, code(1000)]], 1000),
  closes("7.3.4", [[close, code(1000, hello)]], 1000),
  closes("7.3.5", [[close, code(1000, "*".repeat(123))]], 1000),
  fails("7.3.6", [[close, code(1000, "*".repeat(124))]], "bad_control_size"),
  fails("7.5.1", [[close, code(1000, badReason)]], "bad_close_payload", [], 1007),
  ...good.map((value) => closes(`7.7, code ${value}`, [[close, code(value)]], value)),
  ...wrong.map((value) => fails(`7.9, 7.13, code ${value}`, [[close, code(value)]], "bad_close_code"))
]

const fragmented = Array.from({ length: 51 }, (_, n): Sent => {
  const first = n === 0 ? textBegin : more
  return [n === 50 ? last : first, "*".repeat(n === 50 ? 536 : 1300)]
})

export const autobahn: ReadonlyArray<AutobahnCase> = [
  ...framing,
  ...pings,
  ...reservedBits,
  ...opcodes,
  ...fragmentation,
  ...utf8,
  ...closing,
  passes("10.1.1", fragmented, ["*".repeat(65_536)])
]
