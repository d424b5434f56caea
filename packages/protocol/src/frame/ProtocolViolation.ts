/**
 * What a peer can do wrong once the connection is open, as values: they are returned, never thrown.
 *
 * Each names the rule it breaks and its section, and carries the remedy: the close code with which the connection is
 * failed (RFC 6455 §7.1.7). They hold nothing the peer sent.
 *
 * @example
 * ```ts
 * import * as ProtocolViolation from "@effect-websocket/protocol/frame/ProtocolViolation"
 *
 * const { closeCode, rule, section } = ProtocolViolation.messageTooBig(1024)
 * ```
 *
 * @example
 * ```ts
 * import { frameTooBig, tooManyFragments } from "@effect-websocket/protocol/frame/ProtocolViolation"
 *
 * console.log(frameTooBig(1024).rule, tooManyFragments(100).rule)
 * ```
 */

interface Violation<Tag extends string, Code extends 1002 | 1007 | 1009> {
  readonly _tag: Tag
  /** For instance "RFC 6455 §5.5". */
  readonly section: string
  /** What the section demands, in our words. */
  readonly rule: string
  /** The code of the Close frame that answers. */
  readonly closeCode: Code
}

interface LimitViolation<Tag extends string> extends Violation<Tag, 1009> {
  /** The limit that was exceeded: octets, or frames for `TooManyFragments`. */
  readonly limit: number
}

/** An opcode that RFC 6455 reserves. */
export interface BadOpcode extends Violation<"BadOpcode", 1002> {}
/** An RSV bit that no extension claims, or on a frame where it has no meaning. */
export interface BadReservedBits extends Violation<"BadReservedBits", 1002> {}
/** A new message before the last one has ended. */
export interface BadDataFrame extends Violation<"BadDataFrame", 1002> {}
/** A continuation of nothing. */
export interface BadContinuation extends Violation<"BadContinuation", 1002> {}
/** A control frame without FIN. */
export interface BadControlFragment extends Violation<"BadControlFragment", 1002> {}
/** A control frame with more than 125 octets, or in a longer form of the length. */
export interface BadControlSize extends Violation<"BadControlSize", 1002> {}
/** A client sent a frame without a mask. */
export interface BadUnmaskedFrame extends Violation<"BadUnmaskedFrame", 1002> {}
/** A server sent a frame with a mask. */
export interface BadMaskedFrame extends Violation<"BadMaskedFrame", 1002> {}
/** A length not in its shortest form, or with the highest bit set. */
export interface BadSize extends Violation<"BadSize", 1002> {}
/** A text that is not UTF-8. */
export interface BadFramePayload extends Violation<"BadFramePayload", 1007> {}
/** A close code that may not be on the wire. */
export interface BadCloseCode extends Violation<"BadCloseCode", 1002> {}
/** A Close frame with a single octet. */
export interface BadCloseSize extends Violation<"BadCloseSize", 1002> {}
/** A close reason that is not UTF-8. */
export interface BadClosePayload extends Violation<"BadClosePayload", 1007> {}
/** Compressed data that are broken, cut, or followed by something else. */
export interface BadDeflate extends Violation<"BadDeflate", 1007> {}
/** A message over the limit. */
export interface MessageTooBig extends LimitViolation<"MessageTooBig"> {}
/** A frame over the limit. */
export interface FrameTooBig extends LimitViolation<"FrameTooBig"> {}
/** A message in more frames than the limit. */
export interface TooManyFragments extends LimitViolation<"TooManyFragments"> {}

/** What a peer can do wrong on an open connection. */
export type ProtocolViolation =
  | BadOpcode
  | BadReservedBits
  | BadDataFrame
  | BadContinuation
  | BadControlFragment
  | BadControlSize
  | BadUnmaskedFrame
  | BadMaskedFrame
  | BadSize
  | BadFramePayload
  | BadCloseCode
  | BadCloseSize
  | BadClosePayload
  | BadDeflate
  | MessageTooBig
  | FrameTooBig
  | TooManyFragments

/** The tag of a violation. */
export type ProtocolRule = ProtocolViolation["_tag"]

const rfc6455 = (section: string) => `RFC 6455 §${section}`

/** §5.2: a reserved opcode. */
export const badOpcode: BadOpcode = {
  _tag: "BadOpcode",
  section: rfc6455("5.2"),
  rule: "the opcodes 3-7 and 0xB-0xF are reserved",
  closeCode: 1002
}

/** §5.2: an RSV bit that no extension has given a meaning. */
export const badReservedBits: BadReservedBits = {
  _tag: "BadReservedBits",
  section: rfc6455("5.2"),
  rule: "RSV bits are 0 unless an extension that was negotiated gives them a meaning on this frame",
  closeCode: 1002
}

/** §5.4: a message begins before the last one has ended. */
export const badDataFrame: BadDataFrame = {
  _tag: "BadDataFrame",
  section: rfc6455("5.4"),
  rule: "a message begins when the one before it has ended",
  closeCode: 1002
}

/** §5.4: a continuation of nothing. */
export const badContinuation: BadContinuation = {
  _tag: "BadContinuation",
  section: rfc6455("5.4"),
  rule: "a continuation frame continues a message that has begun",
  closeCode: 1002
}

/** §5.5: a control frame in fragments. */
export const badControlFragment: BadControlFragment = {
  _tag: "BadControlFragment",
  section: rfc6455("5.5"),
  rule: "a control frame is not fragmented",
  closeCode: 1002
}

/** §5.5: a control frame of more than 125 octets. */
export const badControlSize: BadControlSize = {
  _tag: "BadControlSize",
  section: rfc6455("5.5"),
  rule: "a control frame has at most 125 octets of payload",
  closeCode: 1002
}

/** §5.1: a client that does not mask. */
export const badUnmaskedFrame: BadUnmaskedFrame = {
  _tag: "BadUnmaskedFrame",
  section: rfc6455("5.1"),
  rule: "a client masks every frame",
  closeCode: 1002
}

/** §5.1: a server that masks. */
export const badMaskedFrame: BadMaskedFrame = {
  _tag: "BadMaskedFrame",
  section: rfc6455("5.1"),
  rule: "a server masks no frame",
  closeCode: 1002
}

/** §5.2: a length that is not in its shortest form, or negative. */
export const badSize: BadSize = {
  _tag: "BadSize",
  section: rfc6455("5.2"),
  rule: "the length is in its shortest form, and the highest bit of its 64-bit form is 0",
  closeCode: 1002
}

/** §8.1: text that is not UTF-8. */
export const badFramePayload: BadFramePayload = {
  _tag: "BadFramePayload",
  section: rfc6455("8.1"),
  rule: "a text message is valid UTF-8",
  closeCode: 1007
}

/** §7.4: a close code that may not be sent. */
export const badCloseCode: BadCloseCode = {
  _tag: "BadCloseCode",
  section: rfc6455("7.4"),
  rule: "a close code on the wire is 1000-1003, 1007-1014 or 3000-4999",
  closeCode: 1002
}

/** §5.5.1: a Close frame of one octet. */
export const badCloseSize: BadCloseSize = {
  _tag: "BadCloseSize",
  section: rfc6455("5.5.1"),
  rule: "the payload of a Close frame is empty, or begins with a code of two octets",
  closeCode: 1002
}

/** §5.5.1: a close reason that is not UTF-8. */
export const badClosePayload: BadClosePayload = {
  _tag: "BadClosePayload",
  section: rfc6455("5.5.1"),
  rule: "a close reason is valid UTF-8",
  closeCode: 1007
}

/** RFC 7692 §7.2.2: payload that cannot be inflated. */
export const badDeflate: BadDeflate = {
  _tag: "BadDeflate",
  section: "RFC 7692 §7.2.2",
  rule: "a compressed message is a whole DEFLATE stream and nothing more",
  closeCode: 1007
}

const limitRule = (what: string, limit: number, unit: string) => `${what} is limited to ${limit} ${unit} here`

/** §10.4: an implementation protects itself by limits of its own. `limit` is in octets. */
export const messageTooBig = (limit: number): MessageTooBig => ({
  _tag: "MessageTooBig",
  section: rfc6455("10.4"),
  rule: limitRule("a message", limit, "octets"),
  closeCode: 1009,
  limit
})

/** `limit` is in octets of payload. */
export const frameTooBig = (limit: number): FrameTooBig => ({
  _tag: "FrameTooBig",
  section: rfc6455("10.4"),
  rule: limitRule("a frame", limit, "octets"),
  closeCode: 1009,
  limit
})

/** `limit` is in frames. */
export const tooManyFragments = (limit: number): TooManyFragments => ({
  _tag: "TooManyFragments",
  section: rfc6455("10.4"),
  rule: limitRule("a message", limit, "frames"),
  closeCode: 1009,
  limit
})
