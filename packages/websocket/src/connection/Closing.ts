/**
 * The closing handshake of one connection (RFC 6455 §7): which Close frames went which way, and who was first.
 */

import type { ClosePayload } from "@effect-websocket/protocol/control/ClosePayload"
import * as ClosingHandshake from "@effect-websocket/protocol/control/ClosingHandshake"
import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type { Closure, ConnectionError } from "../WebSocketError.js"

/** §7.1.5: what a Close frame without a code means. It never stands on the wire. */
export const noStatus: ClosePayload = { code: 1005, reason: "" }

/** The code that tells the peer how the program that held the connection ended. */
export const codeOf = (exit: Exit.Exit<unknown, unknown>): number => {
  if (Exit.isSuccess(exit)) return 1000
  return Cause.isInterruptedOnly(exit.cause) ? 1001 : 1011
}

/** Whether this side has aborted the connection. */
export const isAborted = (failure: ConnectionError | undefined): boolean =>
  failure?._tag === "TransportError" && failure.reason._tag === "Aborted"

/** A Close frame as applications see it. */
const told = (frame: ClosingHandshake.CloseFrame): ClosePayload => frame.payload ?? noStatus

export class Closing {
  private state: ClosingHandshake.ClosingState = ClosingHandshake.open

  get isSent(): boolean {
    return this.state._tag === "CloseSent" || this.state._tag === "Closed"
  }

  /** A frame without a code has no payload. */
  send(payload: ClosePayload | undefined): void {
    this.state = ClosingHandshake.transition(this.state, "SendClose", { payload }) ?? this.state
  }

  receive(payload: ClosePayload | undefined): void {
    this.state = ClosingHandshake.transition(this.state, "ReceiveClose", { payload }) ?? this.state
  }

  /** How the connection ended; `cause` when it was not by this handshake. */
  closure(cause: Closure["cause"]): Closure {
    const { state } = this
    return {
      initiator: ClosingHandshake.initiator(state) ?? (isAborted(cause) ? "local" : "remote"),
      sent: "sent" in state ? Option.some(told(state.sent)) : Option.none(),
      received: "received" in state ? Option.some(told(state.received)) : Option.none(),
      clean: cause === undefined,
      cause
    }
  }
}
