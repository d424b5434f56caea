/** How reconnecting has ended: of the exit of its fiber, and for those who ask as of any connection. */
import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import { Closed, type Closure, ProtocolError, TimeoutError, TransportError } from "../WebSocketError.js"
import { GaveUp } from "./GaveUp.js"

/** Closed on this side while no connection was open: nothing was sent, and nothing received. */
const closedHere: Closure = {
  initiator: "local",
  sent: Option.none(),
  received: Option.none(),
  clean: true,
  cause: undefined
}

/** What every operation ends with. An interruption is the wish of this side. */
export const endOf = <E>(exit: Exit.Exit<never, E>): Exit.Failure<never, E | Closed> =>
  (Exit.isFailure(exit) && !Cause.isInterruptedOnly(exit.cause)
    ? exit
    : Exit.fail(new Closed({ closure: closedHere }))) as Exit.Failure<never, E | Closed>

/** The end as a Closure: the one of the last connection, or none with what went wrong as its cause. */
export const closureOf = (failure: unknown): Closure => {
  const error = failure instanceof GaveUp ? failure.error : failure
  if (error instanceof Closed) return error.closure
  const isOfConnection =
    error instanceof ProtocolError || error instanceof TimeoutError || error instanceof TransportError
  return { ...closedHere, initiator: "remote", clean: false, cause: isOfConnection ? error : undefined }
}
