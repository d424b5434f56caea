/** One message to be sent, which a generator and `run` send without a step of the interpreter. */

import type { Message } from "@effect-websocket/protocol/message/Message"
import * as Effect from "effect/Effect"
import type { SendError } from "../WebSocketError.js"
import { later, Prompt } from "../waiting/Prompt.js"
import type { SendOptions } from "./WebSocket.js"

/** Who sends it. */
interface Sender {
  /** Sends a message at once, or not at all. */
  readonly trySend: (message: Message, compress?: boolean) => boolean
  /** Sends a message that has to wait, or consists of several frames. */
  readonly sendInTurn: (message: Message, options: SendOptions | undefined) => Effect.Effect<void, SendError>
}

export class Send extends Prompt<void, SendError> {
  constructor(
    private readonly sender: Sender,
    private readonly message: Message,
    private readonly options: SendOptions | undefined
  ) {
    super()
  }

  attempt(): void | typeof later {
    const { message, options, sender } = this
    return options?.kind === undefined && sender.trySend(message, options?.compress) ? undefined : later
  }

  commit(): Effect.Effect<void, SendError> {
    return this.attempt() === later ? this.sender.sendInTurn(this.message, this.options) : Effect.void
  }
}
