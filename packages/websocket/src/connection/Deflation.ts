/**
 * Messages on their way out, compressed (RFC 7692 §7.2.1): which of them, whole or in parts.
 *
 * What it gives is lent until it is asked again, by any connection: it is made into a frame at once.
 */
import { encode, encodeInto } from "@effect-websocket/protocol/bytes/Utf8"
import type { Message } from "@effect-websocket/protocol/message/Message"
import type { Deflater, DeflateStep } from "../Compression.js"
import type { SharedForms } from "./ConnectionParts.js"
import type { PreparedForm } from "./PreparedForm.js"
import type { PreparedMessage } from "./PreparedMessage.js"

/** Texts up to this many UTF-16 units are encoded into memory that is used again. */
const maxShared = 64 * 1024

/** The most octets UTF-8 needs for one UTF-16 code unit. */
const octetsPerUnit = 3

/** Where texts are encoded, for all connections; not there before the first one. */
let shared: Uint8Array | undefined

const encodeShared = (text: string): Uint8Array => {
  if (text.length > maxShared) return encode(text)
  shared ??= new Uint8Array(octetsPerUnit * maxShared)
  return shared.subarray(0, encodeInto(text, shared, 0))
}

export class Deflation {
  constructor(
    private readonly deflater: Deflater,
    private readonly threshold: number,
    private readonly shared: SharedForms
  ) {}

  /** Whether a message of this length (octets, or UTF-16 units of a text) is compressed; what the application chose counts first. */
  applies(length: number, chosen: boolean | undefined): boolean {
    return chosen ?? length >= this.threshold
  }

  /** How a message that goes to many is sent here: compressed once for all who have the same parameters, or as it is. */
  form(prepared: PreparedMessage): PreparedForm {
    if (!this.applies(prepared.message.length, prepared.compress)) return prepared.plain
    const form = this.shared.form(prepared)
    // RFC 7692 §7.2.3.2: the peer's window has this message now. Ours has not, and distances that reach over it would be wrong.
    if (form.isDeflated) this.deflater.reset()
    return form
  }

  /** A whole message. */
  whole(message: Message): Uint8Array {
    return this.deflater.deflate(typeof message === "string" ? encodeShared(message) : message, "end")
  }

  /** The next part of a message; perhaps nothing, before its end. */
  part(octets: Uint8Array, step: DeflateStep): Uint8Array {
    return this.deflater.deflate(octets, step)
  }
}
