/** The octets of Beast's tests of reading, and what a reader says of them there and here. */
import type { LimitOptions } from "effect-websocket/Limits"
import type { FrameCase, Written } from "../support/corpus.js"
import type { Role } from "../support/framePlay.js"
import { tagOf } from "./codes.js"
import { differs } from "./deviations.js"

/** A case of read1.cpp, read2.cpp or read3.cpp: octets, and what a reader says of them. */
export interface ReadCase {
  readonly name: string
  /** Who reads. */
  readonly to: Role
  readonly octets: Written
  /** The error code that Beast gives; without it the read succeeds. */
  readonly beast?: string
  readonly expect: FrameCase["expect"]
  readonly limits?: LimitOptions
  readonly differs?: string
}

const delivered = (...messages: FrameCase["expect"]["messages"]): FrameCase["expect"] => ({ messages, error: "Closed" })

/** The read fails with the error of that name, and the peer is told by this close code. */
const refused = (code: string, close: number, error = tagOf(code)): FrameCase["expect"] => ({
  messages: [],
  close,
  error: `ProtocolError.${error}`
})

const stars = (times: number): Written => [{ repeat: "2a", times }]

/** The same, as text. */
const starText = (times: number) => ({ text: [{ repeat: "*", times }] })

/** read2.cpp: the octets of `doTestRead`. */
export const read2: ReadonlyArray<ReadCase> = [
  { name: "empty, fragmented message", to: "client", octets: "01008000", expect: delivered("") },
  { name: "two part message", to: "server", octets: "0181ffffffffd58081ffffffffd5", expect: delivered("**") },
  {
    name: "ping, then a message",
    to: "client",
    octets: "8900810548656c6c6f",
    expect: { ...delivered("Hello"), pong: "" }
  },
  {
    name: "close without a code",
    to: "client",
    octets: "8800",
    beast: "closed",
    expect: { messages: [], close: 1005, error: "Closed" },
    differs: differs("the reply to an empty Close has 1000")
  },
  {
    name: "masked message, big",
    to: "server",
    octets: ["81fe07d0ffffffff", { repeat: "d5", times: 2000 }],
    expect: delivered(starText(2000))
  },
  {
    name: "bad utf8, big",
    to: "client",
    octets: ["817e07d3", ...stars(2000), "c3282a"],
    beast: "bad_frame_payload",
    expect: refused("bad_frame_payload", 1007)
  },
  {
    name: "invalid fixed frame header",
    to: "server",
    octets: "8f80ffffffff",
    beast: "bad_opcode",
    expect: refused("bad_opcode", 1002)
  },
  {
    name: "bad close",
    to: "client",
    octets: "880203ed",
    beast: "bad_close_code",
    expect: refused("bad_close_code", 1002)
  },
  {
    name: "message size above 2^64",
    to: "server",
    octets: "0181ffffffffd580ff7fffffffffffffffffffffff",
    beast: "message_too_big",
    expect: refused("message_too_big", 1009, "FrameTooBig")
  },
  {
    name: "message size exceeds max",
    to: "client",
    octets: "81022a2a",
    limits: { maxMessageSize: 1 },
    beast: "message_too_big",
    expect: refused("message_too_big", 1009)
  },
  {
    name: "bad utf8",
    to: "client",
    octets: "810603eaf0288cbc",
    beast: "bad_frame_payload",
    expect: refused("bad_frame_payload", 1007)
  },
  {
    name: "incomplete utf8",
    to: "client",
    octets: "810e48656c6c6f2c20776f726c6421c0",
    beast: "bad_frame_payload",
    expect: refused("bad_frame_payload", 1007)
  },
  {
    name: "incomplete utf8, big",
    to: "client",
    octets: ["817e0fa1", ...stars(4000), "c0"],
    beast: "bad_frame_payload",
    expect: refused("bad_frame_payload", 1007)
  },
  {
    name: "close frame, payload length 1",
    to: "client",
    octets: "880101",
    beast: "bad_close_size",
    expect: refused("bad_close_size", 1002)
  },
  {
    name: "close frame, invalid utf8",
    to: "client",
    octets: "8806fc150fd77343",
    beast: "bad_close_payload",
    expect: refused("bad_close_code", 1002),
    differs: differs("codes of 5000 and more are accepted")
  },
  {
    name: "close frame, invalid utf8, with a code that is allowed",
    to: "client",
    octets: "88060fa00fd77343",
    beast: "bad_close_payload",
    expect: refused("bad_close_payload", 1007),
    differs: differs("a close reason that is not UTF-8 gets 1002")
  },
  {
    name: "close frame, good utf8",
    to: "client",
    octets: "8806fc1575746638",
    beast: "closed",
    expect: refused("bad_close_code", 1002),
    differs: differs("codes of 5000 and more are accepted")
  },
  {
    name: "close frame, good utf8, with a code that is allowed",
    to: "client",
    octets: "88060fa075746638",
    beast: "closed",
    expect: { messages: [], close: 4000, reason: "utf8", error: "Closed" }
  }
]

const bad = (name: string, octets: string, beast: string, to: Role = "client"): ReadCase => ({
  name,
  to,
  octets,
  beast,
  expect: refused(beast, 1002)
})

/** read3.cpp: those of `testParseFrame` and `testIssue802`. */
export const parseFrame: ReadonlyArray<ReadCase> = [
  { name: "chopped frame header", to: "client", octets: ["817e0101", ...stars(257)], expect: delivered(starText(257)) },
  bad("new data frame when continuation expected", "01012a81012a", "bad_data_frame"),
  bad("reserved bits not cleared", "b1012a", "bad_reserved_bits"),
  bad("reserved bits not cleared", "c1012a", "bad_reserved_bits"),
  bad("reserved bits not cleared", "d1012a", "bad_reserved_bits"),
  bad("continuation without an active message", "80012a", "bad_continuation"),
  bad("reserved bits not cleared (cont)", "01012ab0012a", "bad_reserved_bits"),
  bad("reserved bits not cleared (cont)", "01012ac0012a", "bad_reserved_bits"),
  bad("reserved bits not cleared (cont)", "01012ad0012a", "bad_reserved_bits"),
  bad("reserved opcode", "83012a", "bad_opcode"),
  bad("fragmented control message", "09012a", "bad_control_fragment"),
  bad("invalid length for control message", "897e0101", "bad_control_size"),
  bad("reserved bits not cleared (control)", "b9012a", "bad_reserved_bits"),
  bad("reserved bits not cleared (control)", "c9012a", "bad_reserved_bits"),
  bad("reserved bits not cleared (control)", "d9012a", "bad_reserved_bits"),
  bad("unmasked frame from client", "81012a", "bad_unmasked_frame", "server"),
  bad("masked frame from server", "8180ffffffff", "bad_masked_frame"),
  {
    name: "chopped control frame payload",
    to: "client",
    octets: "89022a2a81022a2a",
    expect: { ...delivered("**"), pong: "2a2a" }
  },
  bad("length not canonical", "817e007d", "bad_size"),
  bad("length not canonical", "817f000000000000ffff", "bad_size"),
  bad("length with the highest bit", "817fffffffffffffffff", "bad_size"),
  {
    name: "issue 802: a length of 2^63-1",
    to: "server",
    octets: "81ff7fffffffffffffffffffffff",
    beast: "message_too_big",
    expect: refused("message_too_big", 1009, "FrameTooBig")
  }
]
