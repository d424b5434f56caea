/**
 * Two ends of a connection inside the process, each a Duplex.
 *
 * Written octets are copied at once, so the writer may reuse its buffer and the reader may alter what it gets. They are
 * delivered later, never while something is written or resumed. A connection that is idle holds no fiber and no timer.
 */
import { concat } from "@effect-websocket/protocol/bytes/Octets"
import type * as ClockModule from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"
import type * as Scope from "effect/Scope"
import type { Address, ConnectionInfo, Duplex } from "../Transport.js"
import { TransportError } from "../WebSocketError.js"
import { Signal } from "../waiting/Signal.js"
import { Wait } from "../waiting/Wait.js"
import { type Cut, immediate, Lane, type Pace, whole } from "./Lane.js"
import { fromReceive, teardown } from "./Reading.js"

/** How a connection in memory behaves; nothing given, it is as fast as it can be. */
export interface MemoryOptions {
  /** Octets are delivered in chunks of at most so many, at least 1. Default: as they were written. */
  readonly maxChunk?: number | undefined
  /** Time from a write until it arrives, by Effect's Clock: under TestClock nothing arrives until it is adjusted. Default 0. */
  readonly latency?: Duration.DurationInput | undefined
  /** Octets which are on their way to a reader that does not ask, before `unsafeBuffered` grows. Default 64 KiB. */
  readonly capacity?: number | undefined
}

/** As much as the kernel keeps for a socket, roughly. */
const defaultCapacity = 64 * 1024

/** Where both ends are, and whether the pipe stands for an encrypted connection. */
export interface Placement {
  readonly client: Address
  readonly server: Address
  readonly encrypted: boolean
}

const timed = (latency: number, clock: ClockModule.Clock, runtime: Runtime.Runtime<never>): Pace => {
  const run = Runtime.runFork(runtime)
  const now = () => clock.unsafeCurrentTimeMillis()
  return {
    now,
    latency,
    at: (time, task) => {
      const asleep = clock.sleep(Duration.millis(Math.max(0, time - now())))
      const fiber = run(Effect.interruptible(Effect.zipRight(asleep, Effect.sync(task))))
      return () => fiber.unsafeInterruptAsFork(FiberId.none)
    }
  }
}

const paceOf = (latency: Duration.DurationInput | undefined): Effect.Effect<Pace> => {
  const millis = latency === undefined ? 0 : Duration.toMillis(latency)
  if (millis === 0) return Effect.succeed(immediate)
  return Effect.map(Effect.zip(Effect.clock, Effect.runtime<never>()), ([clock, runtime]) =>
    timed(millis, clock, runtime)
  )
}

const failed = (tag: "Read" | "Reset" | "EndOfStream", cause?: string): TransportError =>
  new TransportError({ reason: { _tag: tag }, cause })

/** One end: `incoming` brings what the peer writes; what we write is pushed into the peer's. */
class MemoryEnd {
  readonly incoming: Lane
  private peer!: MemoryEnd
  private ended = false
  private failure: TransportError | undefined
  private readonly delivered = new Signal()

  private constructor(
    private readonly pace: Pace,
    private readonly capacity: number,
    cut: Cut
  ) {
    this.incoming = new Lane(pace, cut, () => this.peer.delivered.wake())
  }

  static pair(pace: Pace, capacity: number, cut: Cut): readonly [MemoryEnd, MemoryEnd] {
    const one = new MemoryEnd(pace, capacity, cut)
    const other = new MemoryEnd(pace, capacity, cut)
    one.peer = other
    other.peer = one
    return [one, other]
  }

  write(chunks: ReadonlyArray<Uint8Array>): void {
    if (!this.ended && this.failure === undefined) this.peer.incoming.push(concat(chunks))
  }

  buffered(): number {
    return this.failure === undefined ? Math.max(0, this.peer.incoming.octets - this.capacity) : 0
  }

  readonly drain: Effect.Effect<void, TransportError> = new Wait(
    () => {
      if (this.failure !== undefined) return Effect.fail(this.failure)
      return this.buffered() === 0 ? Effect.void : undefined
    },
    (again) => this.delivered.once(again)
  )

  end(): void {
    if (this.ended || this.failure !== undefined) return
    this.ended = true
    this.peer.incoming.finish(failed("EndOfStream"), false)
  }

  /** Octets on their way still arrive, those which are buffered do not; then the peer sees a reset, unless all is said. */
  abort(): void {
    if (this.failure !== undefined) return
    const { incoming, pace, peer } = this
    const complete = this.ended && peer.ended && incoming.octets === 0
    this.fail(failed("Read", "the connection was aborted on this side"))
    incoming.close(this.failure ?? failed("Read"))
    if (complete) return
    const reset = failed("Reset")
    peer.incoming.truncate(this.capacity)
    peer.incoming.finish(reset, true)
    pace.at(pace.now() + pace.latency, () => peer.fail(reset))
  }

  private fail(error: TransportError): void {
    if (this.failure !== undefined) return
    this.failure = error
    this.delivered.wake()
  }
}

const toDuplex = (side: MemoryEnd, info: ConnectionInfo): Duplex => {
  const { discard, pull, unsafeReceive } = fromReceive((onOctets, onEnd) => side.incoming.receive(onOctets, onEnd), {
    owned: true
  })
  const end = Effect.sync(() => side.end())
  const abort = Effect.sync(() => side.abort())
  return {
    pull,
    unsafeReceive,
    unsafeWrite: (chunks) => side.write(chunks),
    unsafeBuffered: () => side.buffered(),
    drain: side.drain,
    end,
    abort,
    teardown: teardown({ end, drain: side.drain, abort }, discard),
    info
  }
}

const infoOf = (local: Address, remote: Address, encrypted: boolean): ConnectionInfo => ({
  local: Option.some(local),
  remote: Option.some(remote),
  encrypted,
  alpn: Option.none(),
  peerCertificate: Option.none(),
  native: undefined
})

/** Both ends of a new connection, the client's first. No Scope owns them yet: whoever opens them aborts them. */
export const make = (
  { client, encrypted, server }: Placement,
  { capacity = defaultCapacity, latency, maxChunk = Infinity }: MemoryOptions = {}
): Effect.Effect<readonly [Duplex, Duplex]> =>
  Effect.map(paceOf(latency), (pace) => {
    const cut: Cut = maxChunk === Infinity ? whole : (_, length) => Math.min(length, maxChunk)
    const [near, far] = MemoryEnd.pair(pace, capacity, cut)
    return [
      toDuplex(near, infoOf(client, server, encrypted)),
      toDuplex(far, infoOf(server, client, encrypted))
    ] as const
  })

/** The Scope owns this end: when it ends the connection is aborted, unless both sides had ended before. */
export const owned = (duplex: Duplex): Effect.Effect<Duplex, never, Scope.Scope> =>
  Effect.acquireRelease(Effect.succeed(duplex), ({ abort }) => abort)
