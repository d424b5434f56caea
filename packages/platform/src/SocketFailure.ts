/**
 * Failures of this library as the `SocketError` of @effect/platform.
 *
 * Its consumers look at `reason`: reconnecting ones at `Open` and `OpenTimeout`, servers take `Close` for an end and everything
 * else for a defect. So every end of an open connection is a `SocketCloseError`; one without a Close frame has the code 1006
 * (RFC 6455 §7.1.5). The error of this library is always the `cause`.
 */

import * as Socket from "@effect/platform/Socket"
import type { ClosePayload } from "@effect-websocket/protocol/control/ClosePayload"
import * as Option from "effect/Option"
import { type Closure, type ConnectionError, type SendError, TimeoutError } from "effect-websocket/WebSocketError"

/** A connection that could not be opened. A `SocketError` stays what it is. */
export const openError = (cause: unknown): Socket.SocketError => {
  if (Socket.isSocketError(cause)) return cause
  return new Socket.SocketGenericError({ reason: cause instanceof TimeoutError ? "OpenTimeout" : "Open", cause })
}

const closeError = ({ code, reason }: ClosePayload, cause: unknown): Socket.SocketCloseError => {
  const props = { reason: "Close" as const, code, closeReason: reason, cause }
  return new Socket.SocketCloseError(props)
}

const noFrame: ClosePayload = { code: 1006, reason: "" }

/** The Close frame of who began to close; an answer need not repeat the reason. */
export const payloadOf = ({ initiator, received, sent }: Closure): ClosePayload =>
  Option.getOrElse(initiator === "local" ? sent : received, () => noFrame)

/** The end of a connection. When a rule was broken, the code and the reason which the peer was told. */
export const endError = (error: ConnectionError): Socket.SocketCloseError => {
  switch (error._tag) {
    case "Closed":
      return closeError(payloadOf(error.closure), error)
    case "ProtocolError":
      return closeError({ code: error.reason.closeCode, reason: error.message }, error)
    case "TransportError":
    case "TimeoutError":
      return closeError({ code: 1006, reason: error.message }, error)
  }
}

/** A message or a Close frame that was not sent. */
export const writeError = (error: SendError): Socket.SocketError =>
  error.reason._tag === "Closed"
    ? endError(error.reason.failure)
    : new Socket.SocketGenericError({ reason: "Write", cause: error })
