/**
 * A message that is sent to many: encoded, compressed and made into frames once for all who get the same octets.
 *
 * There is one form of it for connections that send it as it is, and one for each set of parameters of permessage-deflate.
 */
import { encode } from "@effect-websocket/protocol/bytes/Utf8"
import { Opcode } from "@effect-websocket/protocol/frame/Opcode"
import type { Message } from "@effect-websocket/protocol/message/Message"
import { FramePool } from "./FramePool.js"
import { demandOctets } from "./Outbox.js"
import { PreparedForm } from "./PreparedForm.js"
import type { SharedDeflation } from "./SharedDeflation.js"

/** Longer messages are not compressed for many: it is done at once, and this much takes 11 ms. */
const maxDeflated = 1024 * 1024

const plainPool = new FramePool()

/** A message that is sent to many, by `sendPrepared`. Made by `WebSocket.prepare`. */
export class PreparedMessage {
  /** The message itself, which never changes. */
  readonly message: Message
  private plainForm: PreparedForm | undefined
  private deflatedForms: Map<SharedDeflation, PreparedForm> | undefined

  /** `compress`: as `SendOptions` has it. */
  constructor(
    message: Message,
    readonly compress?: boolean | undefined
  ) {
    // What was given may be reused at once, and this is sent later too.
    this.message = typeof message === "string" ? message : demandOctets(message).slice()
  }

  /** As it is. */
  get plain(): PreparedForm {
    const { message } = this
    this.plainForm ??= new PreparedForm(
      typeof message === "string" ? encode(message) : message,
      this.opcode,
      false,
      plainPool
    )
    return this.plainForm
  }

  /** Compressed, unless it becomes no shorter by that. */
  deflated(deflation: SharedDeflation): PreparedForm {
    this.deflatedForms ??= new Map()
    const form = this.deflatedForms.get(deflation) ?? this.deflate(deflation)
    this.deflatedForms.set(deflation, form)
    return form
  }

  private get opcode(): number {
    return typeof this.message === "string" ? Opcode.Text : Opcode.Binary
  }

  private deflate(deflation: SharedDeflation): PreparedForm {
    const { payload } = this.plain
    if (payload.length > maxDeflated) return this.plain
    const deflated = deflation.whole(payload)
    if (deflated.length >= payload.length) return this.plain
    return new PreparedForm(deflated.slice(), this.opcode, true, deflation.pool)
  }
}
