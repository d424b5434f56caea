/**
 * One message in several frames: the first has the opcode, the others continue it, the last has FIN (RFC 6455 §5.4).
 */
import { encode, Utf8Validator } from "@effect-websocket/protocol/bytes/Utf8"
import { Opcode } from "@effect-websocket/protocol/frame/Opcode"
import { demandOctets, type Outbox } from "./Outbox.js"

const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff

export class MessageWriter {
  /** A frame has left, and the one with FIN has not. */
  isMidMessage = false
  private readonly utf8: Utf8Validator | undefined
  /** The first half of a pair whose second half is in the next string. */
  private surrogate = ""

  constructor(
    private readonly outbox: Outbox,
    private readonly kind: "text" | "binary"
  ) {
    this.utf8 = kind === "text" ? new Utf8Validator() : undefined
  }

  /** The octets of a part of the message; `undefined` when they can not stand in a text. */
  encode(part: Uint8Array | string): Uint8Array | undefined {
    const octets = typeof part === "string" ? this.encodeText(part) : demandOctets(part)
    if (this.utf8 !== undefined && this.utf8.push(octets, 0, octets.length) !== -1) return undefined
    return octets
  }

  /** Sends a part of the message. */
  fragment(octets: Uint8Array, isLast: boolean): void {
    const opcode = this.isMidMessage ? Opcode.Continuation : this.kind === "text" ? Opcode.Text : Opcode.Binary
    this.outbox.octets((isLast ? 0x80 : 0) | opcode, octets)
    this.outbox.flush()
    this.isMidMessage = !isLast
  }

  /** Ends the message with what is held back; `false` when its text ends in the middle of a character. */
  end(): boolean {
    const octets = encode(this.surrogate)
    if (this.utf8 !== undefined && (this.utf8.push(octets, 0, octets.length) !== -1 || !this.utf8.isComplete))
      return false
    this.fragment(octets, true)
    return true
  }

  private encodeText(part: string): Uint8Array {
    if (this.kind === "binary") return encode(part)
    const text = this.surrogate + part
    const holdsBack = isHighSurrogate(text.charCodeAt(text.length - 1))
    this.surrogate = holdsBack ? text.slice(-1) : ""
    return encode(holdsBack ? text.slice(0, -1) : text)
  }
}
