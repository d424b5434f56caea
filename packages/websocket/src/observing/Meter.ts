/**
 * Counts for all connections of a layer: plain numbers while octets pass, and metrics once for each turn of the event loop.
 */
import type { Role } from "@effect-websocket/protocol/bytes/Role"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import { afterHostTurn } from "../host/HostTurn.js"
import type { Closure } from "../WebSocketError.js"
import { outcomeOf } from "./outcome.js"
import { RoleMetrics } from "./RoleMetrics.js"

/** A connection that was written to, or read. */
export interface Touched {
  readonly sample: () => void
}

/** RFC 6455 §7.1.5: the code is the one that was received. Those of applications are many: a peer makes up any number of them. */
const codeOf = ({ received }: Closure): string => {
  const code = Option.match(received, { onNone: () => 1006, onSome: ({ code }) => code })
  return code < 3000 ? String(code) : `${Math.floor(code / 1000)}xxx`
}

export class Meter {
  readonly client = new RoleMetrics("client")
  readonly server = new RoleMetrics("server")
  private touched = new Set<Touched>()
  /** Failures that were counted: some are seen in two places. */
  private readonly counted = new WeakSet<object>()

  /** Something was counted for this connection: it is in the metrics after this turn of the event loop. */
  touch(connection: Touched): void {
    if (this.touched.size === 0) afterHostTurn(() => this.flush())
    this.touched.add(connection)
  }

  flush(): void {
    const { touched } = this
    this.touched = new Set()
    for (const connection of touched) connection.sample()
    this.client.flush()
    this.server.flush()
  }

  /** Counts how the handshake ends. */
  handshake<A, E, R>(role: Role, attempt: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.onExit(attempt, (exit) =>
      Effect.sync(() => {
        if (Exit.isSuccess(exit)) this[role].onHandshake("Accepted")
        else this.failed(role, Cause.isInterruptedOnly(exit.cause) ? "Interrupted" : Cause.squash(exit.cause))
      })
    )
  }

  /** A handshake has failed; once for each error. */
  failed(role: Role, error: unknown): void {
    if (typeof error === "object" && error !== null) {
      if (this.counted.has(error)) return
      this.counted.add(error)
    }
    this[role].onHandshake(error === "Interrupted" ? error : outcomeOf(error))
  }

  closed(role: Role, closure: Closure): void {
    this[role].onClose(codeOf(closure), closure.initiator)
  }
}
