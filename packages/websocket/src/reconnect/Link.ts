/** What both directions share: the connection that is open now, and the end of all. */
import * as Cause from "effect/Cause"
import type * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import { Signal } from "../waiting/Signal.js"
import type { ReconnectError } from "./ReconnectOptions.js"

export class Link<S, E> {
  /** The connection over which messages flow. */
  socket: S | undefined
  /** What every operation ends with. */
  end: Exit.Failure<never, ReconnectError<E>> | undefined
  /** Awakes whoever waits for another socket, or for the end. */
  readonly signal = new Signal()

  open(socket: S): void {
    this.socket = socket
    this.signal.wake()
  }

  lose(): void {
    this.socket = undefined
    this.signal.wake()
  }

  finish(end: Exit.Failure<never, ReconnectError<E>>): void {
    this.end = end
    this.lose()
  }

  /** What ended all, when it is no defect. */
  get failure(): ReconnectError<E> | undefined {
    return this.end === undefined ? undefined : Option.getOrUndefined(Cause.failureOption(this.end.cause))
  }
}
