/**
 * Every fault of a peer that RFC 6455 or our limits know, as octets: the table of the ProtocolErrors.
 */
import type { LimitOptions } from "../../src/Limits.js"
import type { ProtocolError } from "../../src/WebSocketError.js"
import { closePayload, concat, frame, hex, type Role } from "./peer.js"

export interface Fault {
  readonly name: string
  readonly tag: ProtocolError["reason"]["_tag"]
  readonly section: string
  readonly code: number
  /** What the peer sends behind a good message. */
  readonly octets: (peer: Role) => Uint8Array
  /** Where the frame that breaks the rule begins, counted from the end of the good message. Default 0. */
  readonly at?: (peer: Role) => number
  readonly limits?: LimitOptions
}

const masked = (peer: Role): number => (peer === "client" ? 0x80 : 0)

/** A header alone: its two octets and what follows, with a key when the peer masks. */
const header =
  (first: number, second: number, rest = "") =>
  (peer: Role) =>
    concat(Uint8Array.of(first, masked(peer) | second), hex(rest), hex(peer === "client" ? "00000000" : ""))

const common: ReadonlyArray<Fault> = [
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map(
    (opcode): Fault => ({
      name: `MUST fail on the reserved opcode ${opcode}`,
      tag: "BadOpcode",
      section: "RFC 6455 §5.2",
      code: 1002,
      octets: (peer) => frame(peer, opcode, "x")
    })
  ),
  ...[1, 2, 4, 7].flatMap((rsv) =>
    [1, 2, 9, 10].map(
      (opcode): Fault => ({
        name: `MUST fail on RSV ${rsv} of opcode ${opcode}, which no extension claims`,
        tag: "BadReservedBits",
        section: "RFC 6455 §5.2",
        code: 1002,
        octets: (peer) => frame(peer, opcode, "x", { rsv })
      })
    )
  ),
  {
    name: "MUST fail on RSV1 of a continuation",
    tag: "BadReservedBits",
    section: "RFC 6455 §5.2",
    code: 1002,
    octets: (peer) => concat(frame(peer, 1, "a", { fin: false }), frame(peer, 0, "b", { rsv: 4 })),
    at: (peer) => frame(peer, 1, "a").length
  },
  {
    name: "MUST fail on a message inside of another",
    tag: "BadDataFrame",
    section: "RFC 6455 §5.4",
    code: 1002,
    octets: (peer) => concat(frame(peer, 1, "a", { fin: false }), frame(peer, 1, "b")),
    at: (peer) => frame(peer, 1, "a").length
  },
  {
    name: "MUST fail on a continuation of nothing",
    tag: "BadContinuation",
    section: "RFC 6455 §5.4",
    code: 1002,
    octets: (peer) => frame(peer, 0, "a")
  },
  ...[8, 9, 10].map(
    (opcode): Fault => ({
      name: `MUST fail on a fragmented control frame, opcode ${opcode}`,
      tag: "BadControlFragment",
      section: "RFC 6455 §5.5",
      code: 1002,
      octets: (peer) => frame(peer, opcode, "", { fin: false })
    })
  ),
  ...[126, 127].map(
    (marker): Fault => ({
      name: `MUST fail on a control frame with the length marker ${marker}`,
      tag: "BadControlSize",
      section: "RFC 6455 §5.5",
      code: 1002,
      octets: header(0x89, marker, "0101")
    })
  ),
  ...["7e007d", "7f000000000000ffff", "7fffffffffffffffff"].map(
    (length): Fault => ({
      name: `MUST fail on the length ${length}, which is not minimal or has the highest bit`,
      tag: "BadSize",
      section: "RFC 6455 §5.2",
      code: 1002,
      octets: header(0x81, Number.parseInt(length.slice(0, 2), 16), length.slice(2))
    })
  ),
  {
    name: "MUST fail on text that is not UTF-8",
    tag: "BadFramePayload",
    section: "RFC 6455 §8.1",
    code: 1007,
    octets: (peer) => frame(peer, 1, hex("03eaf0288cbc"))
  },
  {
    name: "MUST fail on text that is not UTF-8, at the first bad octet of a frame that has not ended",
    tag: "BadFramePayload",
    section: "RFC 6455 §8.1",
    code: 1007,
    octets: (peer) => frame(peer, 1, concat(hex("48c328"), new Uint8Array(1000))).subarray(0, 11)
  },
  {
    name: "MUST fail on text that ends in the middle of a character",
    tag: "BadFramePayload",
    section: "RFC 6455 §8.1",
    code: 1007,
    octets: (peer) => concat(frame(peer, 1, "Hello, world!", { fin: false }), frame(peer, 0, hex("c0"))),
    at: (peer) => frame(peer, 1, "Hello, world!").length
  },
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535].map(
    (code): Fault => ({
      name: `MUST fail on the close code ${code}`,
      tag: "BadCloseCode",
      section: "RFC 6455 §7.4",
      code: 1002,
      octets: (peer) => frame(peer, 8, closePayload(code))
    })
  ),
  {
    name: "MUST fail on a Close frame of one octet",
    tag: "BadCloseSize",
    section: "RFC 6455 §5.5.1",
    code: 1002,
    octets: (peer) => frame(peer, 8, hex("01"))
  },
  {
    name: "MUST fail on a close reason that is not UTF-8",
    tag: "BadClosePayload",
    section: "RFC 6455 §5.5.1",
    code: 1007,
    octets: (peer) => frame(peer, 8, hex("03e8d77343"))
  },
  {
    name: "a message over maxMessageSize is known at its header",
    tag: "MessageTooBig",
    section: "RFC 6455 §10.4",
    code: 1009,
    octets: header(0x82, 101),
    limits: { maxMessageSize: 100 }
  },
  {
    name: "fragments over maxMessageSize are known at the header of the one that exceeds it",
    tag: "MessageTooBig",
    section: "RFC 6455 §10.4",
    code: 1009,
    octets: (peer) => concat(frame(peer, 2, new Uint8Array(60), { fin: false }), header(0x00, 41)(peer)),
    at: (peer) => frame(peer, 2, new Uint8Array(60)).length,
    limits: { maxMessageSize: 100 }
  },
  {
    name: "a frame over maxFrameSize is known at its header",
    tag: "FrameTooBig",
    section: "RFC 6455 §10.4",
    code: 1009,
    octets: header(0x02, 127, "7fffffffffffffff"),
    limits: { maxMessageSize: Infinity }
  },
  {
    name: "more frames than maxFragments, empty ones counted",
    tag: "TooManyFragments",
    section: "RFC 6455 §10.4",
    code: 1009,
    octets: (peer) => concat(...[2, 0, 0, 0].map((opcode) => frame(peer, opcode, "", { fin: false }))),
    at: (peer) => 3 * frame(peer, 2).length,
    limits: { maxFragments: 3 }
  }
]

const badMask = (role: Role): Fault => ({
  name: role === "server" ? "MUST fail on an unmasked frame" : "MUST fail on a masked frame",
  tag: role === "server" ? "BadUnmaskedFrame" : "BadMaskedFrame",
  section: "RFC 6455 §5.1",
  code: 1002,
  octets: (peer) => frame(peer, 1, "x", { masked: peer === "server" })
})

/** What may be wrong when we have that role. */
export const faultsOf = (role: Role): ReadonlyArray<Fault> => [...common, badMask(role)]
