/**
 * Limits of how much passes in a second: octets of a connection, each way, and messages of a WebSocket.
 *
 * A policy has an allowance for each direction. Used up, it is whole again at the begin of the next second of Effect's Clock: nothing
 * is carried over, nothing is smoothed. Above it reading stops, and writing is held back; nothing is lost. Where in the layers
 * it is put decides what is counted: octets on the wire beneath TLS, those of the application above it.
 *
 * @example
 * ```ts
 * import { NodeListener } from "@effect-websocket/node"
 * import { Layer } from "effect"
 * import { RateLimit } from "effect-websocket"
 *
 * const listener = Layer.provide(
 *   RateLimit.layerListener({ readBytesPerSecond: 64 * 1024 }),
 *   NodeListener.layerTcp({ port: 8080 })
 * )
 * ```
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { WebSocket } from "./connection/WebSocket.js"
import * as DuplexAdapter from "./DuplexAdapter.js"
import type { Listener } from "./Listener.js"
import { type Allowance, AllowancePerSecond } from "./rate/Allowance.js"
import { MessageRate, type WhenExceeded } from "./rate/MessageRate.js"
import { RateReader } from "./rate/RateReader.js"
import { RateWriter } from "./rate/RateWriter.js"
import type { Duplex, Transport } from "./Transport.js"
import { OptionError } from "./WebSocketError.js"

export type { Allowance, WhenExceeded }

/** Integers of at least 1, or Infinity, which is the default: no limit. */
export interface RateLimits {
  /** Octets that are delivered in a second. */
  readonly readBytesPerSecond?: number | undefined
  /** Octets that are passed on in a second. */
  readonly writeBytesPerSecond?: number | undefined
}

/** The limits in force. */
export type RateLimitValues = { readonly [K in keyof RateLimits]-?: number }

/** How many octets may pass, each way. All Duplexes with the same policy share its allowances, and take turns. */
export interface RatePolicy {
  readonly read: Allowance
  readonly write: Allowance
}

/** A policy whose limits can be changed while it is in use. */
export interface AdjustableRatePolicy extends RatePolicy {
  readonly limits: Effect.Effect<RateLimitValues>
  /**
   * Changes limits; what is not given stays. A lower one clips what is left of this second, a higher one counts from the next
   * second on.
   */
  readonly setLimits: (limits: RateLimits) => Effect.Effect<void, OptionError>
}

const limitOf = (option: string, value: number | undefined, otherwise: number): Effect.Effect<number, OptionError> =>
  value === undefined || value === Infinity || (Number.isSafeInteger(value) && value >= 1)
    ? Effect.succeed(value ?? otherwise)
    : Effect.fail(new OptionError({ option, rule: "an integer of at least 1, or Infinity" }))

/** Both limits, where they are given. */
const limitsOf = (limits: RateLimits, otherwise: RateLimitValues): Effect.Effect<RateLimitValues, OptionError> =>
  Effect.all({
    readBytesPerSecond: limitOf("readBytesPerSecond", limits.readBytesPerSecond, otherwise.readBytesPerSecond),
    writeBytesPerSecond: limitOf("writeBytesPerSecond", limits.writeBytesPerSecond, otherwise.writeBytesPerSecond)
  })

const allowance = (limit: number): Effect.Effect<AllowancePerSecond> =>
  Effect.zipWith(
    Effect.clock,
    Effect.runtime<never>(),
    (clock, runtime) => new AllowancePerSecond(limit, clock, runtime)
  )

const unlimited: RateLimitValues = { readBytesPerSecond: Infinity, writeBytesPerSecond: Infinity }

/** A policy with these limits, whose seconds begin now. */
export const make = (limits: RateLimits = {}): Effect.Effect<AdjustableRatePolicy, OptionError> =>
  Effect.gen(function* () {
    const { readBytesPerSecond, writeBytesPerSecond } = yield* limitsOf(limits, unlimited)
    const read = yield* allowance(readBytesPerSecond)
    const write = yield* allowance(writeBytesPerSecond)
    const present = Effect.sync(() => ({ readBytesPerSecond: read.limit, writeBytesPerSecond: write.limit }))
    return {
      read,
      write,
      limits: present,
      setLimits: (changes) =>
        Effect.map(
          Effect.flatMap(present, (before) => limitsOf(changes, before)),
          (after) => {
            read.unsafeSetLimit(after.readBytesPerSecond)
            write.unsafeSetLimit(after.writeBytesPerSecond)
          }
        )
    }
  })

/**
 * A Duplex within a policy. Reading pauses the lower one while the allowance is used up, and delivers a chunk that is larger
 * than what is left in pieces. Writing holds octets back: `unsafeBuffered` counts them, `drain` waits for them, `end` comes
 * behind them, `abort` drops them. The Scope is that of the connection: at its end nothing waits any more.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { DuplexAdapter, RateLimit } from "effect-websocket"
 *
 * // All connections to one tenant together: they share the policy.
 * const ofTenant = Effect.map(RateLimit.make({ writeBytesPerSecond: 1024 * 1024 }), (policy) =>
 *   DuplexAdapter.mapTransport((lower) => RateLimit.limit(lower, policy))
 * )
 * ```
 */
export const limit = (lower: Duplex, policy: RatePolicy): Effect.Effect<Duplex, never, Scope.Scope> =>
  Effect.flatMap(Effect.runtime<never>(), (runtime) => {
    const reader = new RateReader((onOctets, onEnd) => lower.unsafeReceive(onOctets, onEnd), policy.read)
    const writer = new RateWriter(lower, policy.write, runtime)
    const stop = Effect.sync(() => {
      reader.stop()
      writer.stop()
    })
    const duplex = DuplexAdapter.over(lower, {
      unsafeReceive: reader.receive,
      unsafeWrite: (chunks) => writer.write(chunks),
      unsafeBuffered: () => writer.buffered(),
      drain: writer.drain,
      end: writer.end,
      abort: Effect.zipRight(
        stop,
        Effect.suspend(() => lower.abort)
      )
    })
    return Effect.acquireRelease(Effect.succeed(duplex), () => stop)
  })

/** The change of each connection, whose policy is its own unless one was given. */
const changing = (limits: RateLimits | RatePolicy): Effect.Effect<DuplexAdapter.Change, OptionError> => {
  if ("read" in limits) return Effect.succeed((lower) => limit(lower, limits))
  // Wrong options are found before there is a connection.
  return Effect.as(make(limits), (lower: Duplex) =>
    Effect.flatMap(Effect.orDie(make(limits)), (policy) => limit(lower, policy))
  )
}

/** Limits the connections of clients: each by itself, or, with a policy, all together. */
export const layerTransport = (limits: RateLimits | RatePolicy): Layer.Layer<Transport, OptionError, Transport> =>
  Layer.unwrapEffect(Effect.map(changing(limits), DuplexAdapter.mapTransport))

/** Limits the connections of servers: each by itself, or, with a policy, all together. */
export const layerListener = (limits: RateLimits | RatePolicy): Layer.Layer<Listener, OptionError, Listener> =>
  Layer.unwrapEffect(Effect.map(changing(limits), DuplexAdapter.mapListener))

/** How many messages a WebSocket receives. */
export interface MessageRateOptions {
  /** Messages that are received in a second, at least 1. */
  readonly messagesPerSecond: number
  /**
   * What happens to the one too many. `"wait"` (the default): it is received in the next second, and a peer that goes on has to wait
   * when `limits.readAhead` is full. `"close"`: the connection is closed with 1008, and what had arrived is discarded.
   */
  readonly whenExceeded?: WhenExceeded | undefined
}

/**
 * A WebSocket that receives so many messages in a second, one at a time. They count when they are taken: an application that is late
 * and takes many at once should let them wait. Control frames are not counted; they are answered as before.
 */
export const messages = (
  ws: WebSocket,
  { messagesPerSecond, whenExceeded = "wait" }: MessageRateOptions
): Effect.Effect<WebSocket, OptionError> =>
  Effect.map(
    Effect.flatMap(limitOf("messagesPerSecond", messagesPerSecond, Infinity), allowance),
    (perSecond) => new MessageRate(ws, perSecond, whenExceeded)
  )
