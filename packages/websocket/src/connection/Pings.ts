/**
 * Pings of the application that wait for their Pong: the time in between, for each (RFC 6455 §5.5.2, §5.5.3).
 */
import { PingPong } from "@effect-websocket/protocol/control/PingPong"
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { ConnectionError } from "../WebSocketError.js"

/** Told of the time between a Ping and its Pong, or of why there is none. */
export type OnPong = (result: Effect.Effect<Duration.Duration, ConnectionError>) => void

interface Ping {
  readonly sentAt: bigint
  readonly resume: OnPong
}

export class Pings {
  /** Made when the first Ping is: most connections have none. */
  private pingPong: PingPong<Ping> | undefined
  private counter = 0

  constructor(
    private readonly clock: Clock.Clock,
    private readonly limit: number
  ) {}

  /** Whether no more may wait. */
  get isFull(): boolean {
    return this.pingPong !== undefined && this.pingPong.size >= this.limit
  }

  /** A payload that no other Ping of this connection has. */
  payload(): Uint8Array {
    const payload = new Uint8Array(4)
    new DataView(payload.buffer).setUint32(0, ++this.counter)
    return payload
  }

  /** Waits for the Pong to a Ping that is sent now; gives back how to wait no longer. */
  wait(payload: Uint8Array, resume: OnPong): () => void {
    const ping: Ping = { sentAt: this.clock.unsafeCurrentTimeNanos(), resume }
    this.bookkeeping.onPing(payload, ping)
    return () => this.pingPong?.forget(ping)
  }

  /** A Pong answers its Ping and every earlier one; one that nobody asked for answers none. */
  settle(payload: Uint8Array): void {
    if (this.pingPong === undefined) return
    const now = this.clock.unsafeCurrentTimeNanos()
    for (const ping of this.pingPong.onPong(payload)) ping.resume(Effect.succeed(Duration.nanos(now - ping.sentAt)))
  }

  /** The peer's Ping is to be answered later; of several only the newest is. */
  owe(payload: Uint8Array): void {
    this.bookkeeping.owe(payload)
  }

  takePong(): Uint8Array | undefined {
    return this.pingPong?.takePong()
  }

  /** No Pong will come any more. */
  fail(error: ConnectionError): void {
    const pending = this.pingPong?.clear() ?? []
    for (const ping of pending) ping.resume(Effect.fail(error))
  }

  private get bookkeeping(): PingPong<Ping> {
    this.pingPong ??= new PingPong<Ping>(this.limit)
    return this.pingPong
  }
}
