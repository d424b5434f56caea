/**
 * Duplexes for those who write a layer of their own: made from `pull` and a write effect, or by changing another Duplex.
 *
 * `fromPull` needs a reader fiber only while `unsafeReceive` flows, and a writer fiber only while something is buffered.
 * `over` changes single operations of a Duplex and derives the others from them; `mapTransport` and `mapListener` make
 * layers of such a change. `prepend` gives octets back that were read, as `detectTls` does.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { DuplexAdapter } from "effect-websocket"
 *
 * // Counts what is sent.
 * const count = { sent: 0 }
 * const counting = DuplexAdapter.mapTransport((lower) =>
 *   Effect.succeed(
 *     DuplexAdapter.over(lower, {
 *       unsafeWrite: (chunks) => {
 *         for (const { length } of chunks) count.sent += length
 *         lower.unsafeWrite(chunks)
 *       }
 *     })
 *   )
 * )
 * ```
 */
import { concat } from "@effect-websocket/protocol/bytes/Octets"
import { isTlsClientHello } from "@effect-websocket/protocol/bytes/TlsClientHello"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { Listener } from "./Listener.js"
import { type Duplex, Transport } from "./Transport.js"
import { Prepended } from "./transport/Prepended.js"
import { PullReader } from "./transport/PullReader.js"
import { PullWriter } from "./transport/PullWriter.js"
import { fromReceive, teardown } from "./transport/Reading.js"
import { TransportError } from "./WebSocketError.js"

/** What `fromPull` makes a Duplex of. */
export interface PullOptions extends Pick<Duplex, "pull" | "end" | "abort" | "info"> {
  /** Sends a chunk; completes when the octets were passed on. One runs at a time; interruption comes with an abort only. */
  readonly write: (chunk: Uint8Array) => Effect.Effect<void, TransportError>
  /** Default: made of the other operations, in the order of RFC 6455 §7.1.1. */
  readonly teardown?: Duplex["teardown"] | undefined
}

/**
 * A Duplex from `pull` and `write`. `pull` keeps the contract of `Duplex.pull`: an interruption loses nothing. `end` runs
 * after what was buffered, `abort` once at most. The end of the Scope aborts, unless both sides had ended.
 *
 * @example
 * ```ts
 * import { Effect, Option } from "effect"
 * import { DuplexAdapter } from "effect-websocket"
 *
 * // A connection to nobody, which says nothing and takes everything.
 * const silent = DuplexAdapter.fromPull({
 *   pull: Effect.never,
 *   write: () => Effect.void,
 *   end: Effect.void,
 *   abort: Effect.void,
 *   info: {
 *     local: Option.none(),
 *     remote: Option.none(),
 *     encrypted: false,
 *     alpn: Option.none(),
 *     peerCertificate: Option.none(),
 *     native: undefined
 *   }
 * })
 * ```
 */
export const fromPull = (options: PullOptions): Effect.Effect<Duplex, never, Scope.Scope> =>
  Effect.flatMap(Effect.runtime<never>(), (runtime) => {
    const writer = new PullWriter(runtime, options)
    const onFailure = (error: TransportError) => {
      if (error.reason._tag !== "EndOfStream") writer.fail(error)
    }
    const reader = new PullReader(runtime, options.pull, onFailure)
    const reading = fromReceive(reader.receive, { owned: false })
    const abort = Effect.suspend(() => {
      if (writer.aborted) return Effect.void
      const error = new TransportError({ reason: { _tag: "Read" }, cause: "the connection was aborted on this side" })
      writer.abort(error)
      reader.stop(error)
      return options.abort
    })
    const end = Effect.sync(() => writer.end())
    const isComplete = () => writer.complete && reader.failure?.reason._tag === "EndOfStream"
    const duplex: Duplex = {
      pull: Effect.suspend(() => (reader.started ? reading.pull : reader.pull)),
      unsafeReceive: reading.unsafeReceive,
      unsafeWrite: (chunks) => writer.write(chunks),
      unsafeBuffered: () => writer.buffered,
      drain: writer.drain,
      end,
      abort,
      teardown: options.teardown ?? teardown({ end, drain: writer.drain, abort }, reading.discard),
      info: options.info
    }
    return Effect.acquireRelease(Effect.succeed(duplex), () => (isComplete() ? Effect.void : abort))
  })

/** What can be changed of a Duplex; the rest follows from it. */
export type Changes = Partial<Omit<Duplex, "pull" | "teardown">>

/**
 * Another Duplex with some operations changed. `pull` and `teardown` are derived from the new operations. (To spread a
 * Duplex would not do: the operations of some are methods of a class.)
 */
export const over = (lower: Duplex, changes: Changes): Duplex => {
  const receive: Duplex["unsafeReceive"] = (onOctets, onEnd) => lower.unsafeReceive(onOctets, onEnd)
  const { discard, pull, unsafeReceive } = fromReceive(changes.unsafeReceive ?? receive, { owned: false })
  const changed = {
    unsafeWrite: changes.unsafeWrite ?? ((chunks) => lower.unsafeWrite(chunks)),
    unsafeBuffered: changes.unsafeBuffered ?? (() => lower.unsafeBuffered()),
    drain: changes.drain ?? Effect.suspend(() => lower.drain),
    end: changes.end ?? Effect.suspend(() => lower.end),
    abort: changes.abort ?? Effect.suspend(() => lower.abort),
    info: changes.info ?? lower.info
  } satisfies Partial<Duplex>
  return { ...changed, pull, unsafeReceive, teardown: teardown(changed, discard) }
}

/**
 * Gives octets back: a Duplex that delivers these first, and then what the lower one does. They are given away: who receives
 * may alter them. For octets that were read with `pull`, and which the next layer is to read again.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { DuplexAdapter, type Transport } from "effect-websocket"
 *
 * // Looks at what comes first, and leaves it there.
 * const peek = (duplex: Transport.Duplex) =>
 *   Effect.map(duplex.pull, ([first, ...rest]) => ({
 *     first,
 *     duplex: [first, ...rest].reduceRight((lower, octets) => DuplexAdapter.prepend(lower, octets), duplex)
 *   }))
 * ```
 */
export const prepend = (lower: Duplex, octets: Uint8Array): Duplex => {
  if (octets.length === 0) return lower
  const prepended = new Prepended(lower, octets)
  return over(lower, { unsafeReceive: prepended.receive, abort: prepended.abort })
}

/** A connection of which is known whether its client speaks TLS. */
export interface Detected {
  readonly isTls: boolean
  /** The connection, with all octets that were read for it given back. */
  readonly duplex: Duplex
}

/**
 * Reads until it is known whether a client speaks TLS: nine octets at most are needed. It waits as long as the client does: who
 * uses it bounds the time. Fails when the connection ends before. After a failure or an interruption what was read is gone.
 */
export const detectTls = (lower: Duplex): Effect.Effect<Detected, TransportError> => {
  const more = (before: Uint8Array): Effect.Effect<Detected, TransportError> =>
    Effect.flatMap(lower.pull, (chunks) => {
      const octets = concat([before, ...chunks])
      const answer = isTlsClientHello(octets)
      if (answer === "more") return more(octets)
      return Effect.succeed({ isTls: answer === "yes", duplex: prepend(lower, octets) })
    })
  return more(new Uint8Array(0))
}

/** A change of Duplexes; the Scope is that of the connection. */
export type Change = (lower: Duplex) => Effect.Effect<Duplex, never, Scope.Scope>

/** A Transport whose connections are those of the Transport beneath, changed. */
export const mapTransport = (change: Change): Layer.Layer<Transport, never, Transport> =>
  Layer.effect(
    Transport,
    Effect.map(Transport, (lower) => ({ connect: (target) => Effect.flatMap(lower.connect(target), change) }))
  )

/** A Listener whose connections are those of the Listener beneath, changed. */
export const mapListener = (change: Change): Layer.Layer<Listener, never, Listener> =>
  Layer.effect(
    Listener,
    Effect.map(Listener, (lower) => ({
      address: lower.address,
      secure: lower.secure,
      accept: (use) => lower.accept((duplex) => Effect.flatMap(change(duplex), use))
    }))
  )
