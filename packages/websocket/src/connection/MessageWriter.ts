/**
 * One message in several frames: the first has the opcode, the others continue it, the last has FIN (RFC 6455 §5.4).
 *
 * Whether it is compressed is decided once, before its first frame, which alone has RSV1 (RFC 7692 §6).
 */
import { encode, Utf8Validator } from "@effect-websocket/protocol/bytes/Utf8"
import { Opcode } from "@effect-websocket/protocol/frame/Opcode"
import { cut } from "@effect-websocket/protocol/message/Fragmenter"
import type { DeflateStep } from "../Compression.js"
import type { LimitValues } from "../Limits.js"
import type { Deflation } from "./Deflation.js"
import { demandOctets, fin, type Outbox, rsv1 } from "./Outbox.js"

const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff

export class MessageWriter {
  /** Something of the message is on its way to the peer, or in the compressor, and its end is not. */
  isMidMessage = false
  /** No frame has left. */
  private isFirst = true
  private readonly utf8: Utf8Validator | undefined
  /** The first half of a pair whose second half is in the next string. */
  private surrogate = ""

  /** `deflation`: when the message is compressed. No frame is longer than `limits.fragmentSize`. */
  constructor(
    private readonly outbox: Outbox,
    private readonly limits: Pick<LimitValues, "fragmentSize">,
    private readonly kind: "text" | "binary",
    private readonly deflation: Deflation | undefined
  ) {
    this.utf8 = kind === "text" ? new Utf8Validator() : undefined
  }

  get isCompressed(): boolean {
    return this.deflation !== undefined
  }

  /** The octets of a part of the message; `undefined` when they can not stand in a text. */
  encode(part: Uint8Array | string): Uint8Array | undefined {
    const octets = typeof part === "string" ? this.encodeText(part) : demandOctets(part)
    if (this.utf8 !== undefined && this.utf8.push(octets, 0, octets.length) !== -1) return undefined
    return octets
  }

  /** Sends a part of the message; compressed ones may be held back until a later part, or until `"flush"`. */
  fragment(octets: Uint8Array, step: DeflateStep): void {
    const isLast = step === "end"
    this.isMidMessage = !isLast
    const payload = this.deflation === undefined ? octets : this.deflation.part(octets, step)
    if (payload.length === 0 && !isLast) return
    // A compressor holds back and then gives much, and what cannot be compressed becomes longer.
    for (const fragment of cut(payload.length, this.limits.fragmentSize)) {
      this.outbox.octets(
        (isLast && fragment.fin ? fin : 0) | this.opcode,
        payload.subarray(fragment.start, fragment.end)
      )
      this.isFirst = false
    }
    this.outbox.flush()
  }

  /** Ends the message with what is held back; `false` when its text ends in the middle of a character. */
  end(): boolean {
    const octets = encode(this.surrogate)
    if (this.utf8 !== undefined && (this.utf8.push(octets, 0, octets.length) !== -1 || !this.utf8.isComplete))
      return false
    this.fragment(octets, "end")
    return true
  }

  private get opcode(): number {
    if (!this.isFirst) return Opcode.Continuation
    return (this.deflation === undefined ? 0 : rsv1) | (this.kind === "text" ? Opcode.Text : Opcode.Binary)
  }

  private encodeText(part: string): Uint8Array {
    if (this.kind === "binary") return encode(part)
    const text = this.surrogate + part
    const holdsBack = isHighSurrogate(text.charCodeAt(text.length - 1))
    this.surrogate = holdsBack ? text.slice(-1) : ""
    return encode(holdsBack ? text.slice(0, -1) : text)
  }
}
