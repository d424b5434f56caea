/**
 * What becomes of a handler that failed: the ends of a connection are the peer's business, anything else is the application's.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import { Closed, ProtocolError, SendError, TimeoutError, TransportError } from "../WebSocketError.js"

/** A message that was no value, and for which the connection was closed: by its tag, so that no server has to load values. */
const isDecodeError = Predicate.isTagged("DecodeError")

const hasClosed = (error: unknown): boolean =>
  isDecodeError(error) && Predicate.hasProperty(error, "hasClosed") && error.hasClosed === true

/** Whether an error says no more than that the connection has ended. */
export const isEndOfConnection = (error: unknown): boolean =>
  hasClosed(error) ||
  error instanceof Closed ||
  error instanceof ProtocolError ||
  error instanceof TransportError ||
  error instanceof TimeoutError ||
  (error instanceof SendError && (error.reason._tag === "Closed" || error.reason._tag === "Closing"))

/** Logs what a handler failed with, unless its connection has ended or it was interrupted. */
export const logFailure = (cause: Cause.Cause<unknown>): Effect.Effect<void> =>
  Cause.isInterruptedOnly(cause) || (Cause.isFailure(cause) && isEndOfConnection(Cause.squash(cause)))
    ? Effect.void
    : Effect.logError("a WebSocket handler failed", cause)
