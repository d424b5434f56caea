/**
 * Fails at a chosen operation: the n-th one, and all later ones, fail with a given `TransportError`.
 *
 * Operations are: connect (or accept), each delivery that is read (the end too), each write, each `end` and each `drain`.
 * The connection beneath is aborted when its operation fails, so the peer notices as well. `everyFailure` runs a program
 * with each of its operations failing once.
 */
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import { over } from "../DuplexAdapter.js"
import { unsafeSoon } from "../host/Soon.js"
import { Listener } from "../Listener.js"
import { type Duplex, Transport } from "../Transport.js"
import { TransportError } from "../WebSocketError.js"

/** When to fail, and with what. */
export interface FailureOptions {
  /** So many operations succeed. */
  readonly after: number
  /** Default: `Read`, with the cause "injected failure". */
  readonly error?: TransportError | undefined
}

/** Counts the operations of the layers made with it, and decides which of them fail. */
export class FailurePoint {
  /** Operations until now, those that failed included. */
  operations = 0
  readonly error: TransportError
  private readonly after: number

  constructor({ after, error }: FailureOptions) {
    this.after = after
    this.error = error ?? new TransportError({ reason: { _tag: "Read" }, cause: "injected failure" })
  }

  /** Whether any operation has failed. */
  get reached(): boolean {
    return this.operations > this.after
  }

  /** Counts an operation; says whether it fails. */
  unsafeFails(): boolean {
    return this.operations++ >= this.after
  }
}

/** A Duplex that fails at the point. */
const failing = (lower: Duplex, point: FailurePoint): Duplex => {
  let dead = false
  let tell = () => {}
  const die = () => {
    if (dead) return
    dead = true
    Effect.runFork(lower.abort)
    unsafeSoon(() => tell())
  }
  const fails = () => {
    if (!dead && point.unsafeFails()) die()
    return dead
  }
  return over(lower, {
    unsafeReceive: (onOctets, onEnd) => {
      let over = false
      const finish = (error: TransportError) => {
        if (!over) onEnd(error)
        over = true
      }
      tell = () => finish(point.error)
      if (dead) unsafeSoon(tell)
      return lower.unsafeReceive(
        (octets) => {
          if (!fails()) onOctets(octets)
        },
        (error) => finish(fails() ? point.error : error)
      )
    },
    unsafeWrite: (chunks) => {
      if (!fails()) lower.unsafeWrite(chunks)
    },
    unsafeBuffered: () => (dead ? 0 : lower.unsafeBuffered()),
    drain: Effect.suspend(() =>
      fails() ? Effect.fail(point.error) : Effect.mapError(lower.drain, (error) => (dead ? point.error : error))
    ),
    end: Effect.suspend(() => (fails() ? Effect.void : lower.end))
  })
}

/** Clients' operations fail at the point. */
export const layerAt = (point: FailurePoint): Layer.Layer<Transport, never, Transport> =>
  Layer.effect(
    Transport,
    Effect.map(Transport, (lower) => ({
      connect: (target) =>
        Effect.suspend(() =>
          point.unsafeFails()
            ? Effect.fail(point.error)
            : Effect.map(lower.connect(target), (duplex) => failing(duplex, point))
        )
    }))
  )

/** Servers' operations fail at the point. Accepting a connection is one: that connection is aborted, the Listener goes on. */
export const layerListenerAt = (point: FailurePoint): Layer.Layer<Listener, never, Listener> =>
  Layer.effect(
    Listener,
    Effect.map(Listener, (lower) => ({
      ...lower,
      accept: (use) => lower.accept((duplex) => (point.unsafeFails() ? duplex.abort : use(failing(duplex, point))))
    }))
  )

/** Clients' operations fail after so many. Each build of the layer counts for itself. */
export const layer = (options: FailureOptions): Layer.Layer<Transport, never, Transport> =>
  Layer.unwrapEffect(Effect.sync(() => layerAt(new FailurePoint(options))))

/** Servers' operations fail after so many. Each build of the layer counts for itself. */
export const layerListener = (options: FailureOptions): Layer.Layer<Listener, never, Listener> =>
  Layer.unwrapEffect(Effect.sync(() => layerListenerAt(new FailurePoint(options))))

/** How far `everyFailure` goes. */
export interface EveryFailureOptions {
  readonly error?: TransportError | undefined
  /** The most runs; more are a defect. Default 1000. */
  readonly limit?: number | undefined
}

/** Runs the program with each point in turn, until one is not reached; gives all exits: the last one is without a failure. */
export const everyFailureAt = <A, E, R>(
  program: (point: FailurePoint) => Effect.Effect<A, E, R>,
  { error, limit = 1000 }: EveryFailureOptions = {}
): Effect.Effect<ReadonlyArray<Exit.Exit<A, E>>, never, R> =>
  Effect.gen(function* () {
    const exits: Array<Exit.Exit<A, E>> = []
    for (let after = 0; after < limit; after++) {
      const point = new FailurePoint({ after, error })
      exits.push(yield* Effect.exit(program(point)))
      if (!point.reached) return exits
    }
    return yield* Effect.dieMessage(`everyFailure: the program still meets a failure after ${limit} operations`)
  })

/** `everyFailureAt` for a client: its first, second, third … operation fails. */
export const everyFailure = <A, E, R>(
  program: Effect.Effect<A, E, R>,
  options?: EveryFailureOptions
): Effect.Effect<ReadonlyArray<Exit.Exit<A, E>>, never, Transport | Exclude<R, Transport>> =>
  everyFailureAt((point) => Effect.provide(program, layerAt(point)), options)
