/**
 * A Duplex for a handshake whose request has been read: it keeps what the handshake answers, and sends nothing.
 *
 * So the answer can still become an ordinary response, with all that middleware does to it.
 */
import * as Effect from "effect/Effect"
import type { ConnectionInfo, Duplex, FlowControl } from "effect-websocket/Transport"

const flow: FlowControl = { pause: () => {}, resume: () => {} }

export class AnswerDuplex implements Duplex {
  /** What was to be sent. */
  readonly answer: Array<Uint8Array> = []
  readonly pull = Effect.never
  readonly drain = Effect.void
  readonly end = Effect.void
  readonly abort = Effect.void

  constructor(readonly info: ConnectionInfo) {}

  unsafeWrite(chunks: ReadonlyArray<Uint8Array>): void {
    this.answer.push(...chunks)
  }

  unsafeBuffered(): number {
    return 0
  }

  unsafeReceive(): FlowControl {
    return flow
  }

  teardown(): Effect.Effect<void> {
    return Effect.void
  }
}
