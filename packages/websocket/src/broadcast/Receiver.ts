/**
 * One socket that gets messages of topics, in the order in which they are published.
 *
 * What its connection takes at once is sent at once. What it does not take waits here, and a fiber sends it as the peer
 * makes room; it lives only for so long. What happens when too much waits is the policy.
 */
import { CloseCode } from "@effect-websocket/protocol/control/CloseCode"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"
import * as Runtime from "effect/Runtime"
import type { PreparedMessage } from "../connection/PreparedMessage.js"
import type { WebSocket } from "../connection/WebSocket.js"
import type { SendError } from "../WebSocketError.js"
import type { AnySocket, BroadcastOptions } from "./BroadcastOptions.js"
import type { Lag } from "./Lag.js"
import { TooSlow } from "./TooSlow.js"

type Prepares = Pick<WebSocket, "sendPrepared" | "unsafeSendPrepared">

/** Connections of this library send frames that were made for all; sockets of other platforms make their own. */
const prepares = (socket: AnySocket & Partial<Prepares>): Prepares => {
  if (socket.sendPrepared !== undefined && socket.unsafeSendPrepared !== undefined) return socket as Prepares
  return {
    sendPrepared: ({ message }) => socket.send(message) as Effect.Effect<void, SendError>,
    unsafeSendPrepared: ({ message }) => socket.unsafeSend(message)
  }
}

export class Receiver {
  /** Messages which the policy has dropped. */
  dropped = 0
  /** In how many topics it is, each counted as often as it is subscribed. */
  subscriptions = 0
  /** Nothing is delivered any more. */
  private isOver = false
  /** A fiber sends what waits: nothing may overtake it. */
  private isSending = false
  private readonly end = Deferred.unsafeMake<void, TooSlow | SendError>(FiberId.none)
  private readonly prepares: Prepares

  constructor(
    readonly socket: AnySocket,
    private readonly lag: Lag,
    private readonly whenSlow: NonNullable<BroadcastOptions["whenSlow"]>,
    private readonly runtime: Runtime.Runtime<never>
  ) {
    this.prepares = prepares(socket)
  }

  get ended(): Effect.Effect<void, TooSlow | SendError> {
    return Deferred.await(this.end)
  }

  /** Sends a message, or lets it wait; false: this receiver does not get it. */
  offer(message: PreparedMessage): boolean {
    if (this.isOver) return false
    if (!this.isSending && this.prepares.unsafeSendPrepared(message)) return true
    if (!this.makeRoom(message)) return false
    this.lag.push(message)
    if (!this.isSending) this.startSending()
    return true
  }

  /** What waits is not sent any more; what the connection has taken is. */
  stop(result: Effect.Effect<void, TooSlow | SendError> = Effect.void): void {
    if (this.isOver) return
    this.isOver = true
    this.lag.clear()
    Deferred.unsafeDone(this.end, result)
  }

  private makeRoom(message: PreparedMessage): boolean {
    while (!this.lag.hasRoom(message)) {
      if (this.whenSlow !== "dropOldest") return this.refuse()
      this.lag.shift()
      this.dropped++
    }
    return true
  }

  private refuse(): false {
    if (this.whenSlow === "dropNewest") this.dropped++
    else this.giveUp()
    return false
  }

  private giveUp(): void {
    this.stop(Effect.fail(new TooSlow({ messages: this.lag.length, size: this.lag.size })))
    if (this.whenSlow === "fail") return
    // The closing takes its time, for which nobody waits.
    Runtime.runFork(this.runtime)(Effect.ignore(this.socket.close(CloseCode.TryAgainLater, "too slow")))
  }

  private startSending(): void {
    this.isSending = true
    const each = Effect.whileLoop({
      while: () => {
        this.isSending = this.lag.length > 0
        return this.isSending
      },
      body: () => this.prepares.sendPrepared(this.lag.shift() as PreparedMessage),
      step: () => {}
    })
    Runtime.runFork(this.runtime)(Effect.catchAll(each, (error) => Effect.sync(() => this.stop(Effect.fail(error)))))
  }
}
