/**
 * A peer that follows a script: a Transport for tests of clients, a Listener for tests of servers.
 *
 * Each connection runs the script from its begin, over memory. A step that cannot be done resets the connection, and is a
 * defect when the layer ends, so that the test fails with its message; so is a script that was begun and not finished.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { hostTurn } from "../host/HostTurn.js"
import { Listener } from "../Listener.js"
import { type Address, type Duplex, Transport } from "../Transport.js"
import { Arrivals } from "../transport/Arrivals.js"
import { type MemoryOptions, make, owned } from "../transport/MemoryPipe.js"
import { run, type ScriptFailure, type Step, Transcript } from "./Script.js"

/** A script for all connections, or for each one by its number, counted from 0. */
export type Script = ReadonlyArray<Step> | ((connection: number) => ReadonlyArray<Step>)

/** What the peer has seen. */
export class ScriptedPeer extends Context.Tag("effect-websocket/testing/ScriptedPeer")<
  ScriptedPeer,
  {
    /** The octets that its steps have read, of the newest connection. */
    readonly received: Effect.Effect<Uint8Array>
    /** Waits until the scripts of all connections until now have ended. */
    readonly done: Effect.Effect<void, ScriptFailure>
  }
>() {}

interface Play {
  readonly transcript: Transcript
  readonly fiber: Fiber.RuntimeFiber<void, ScriptFailure>
  /** The end of those who are tested. */
  readonly tested: Duplex
}

const client: Address = { _tag: "MemoryAddress", name: "client" }
const server: Address = { _tag: "MemoryAddress", name: "server" }

/** Turns of the event loop after which a script that still runs can only be waiting. */
const patience = 64

/** The tested side hangs up: what it sent still arrives, what is expected beyond that fails. */
const conclude = ({ fiber, tested }: Play): Effect.Effect<void, ScriptFailure> =>
  Effect.gen(function* () {
    yield* tested.abort
    for (let turn = 0; turn < patience && Option.isNone(yield* Fiber.poll(fiber)); turn++) yield* hostTurn
    const exit = yield* Fiber.interrupt(fiber)
    if (Exit.isInterrupted(exit)) return yield* Effect.dieMessage("scripted peer: a wait had not ended with the test")
    yield* exit
  })

const concludeAll = (plays: ReadonlyArray<Play>): Effect.Effect<void> =>
  Effect.forEach(plays, (play) => Effect.exit(conclude(play))).pipe(
    Effect.flatMap((exits) => Option.getOrElse(Exit.all(exits), () => Exit.succeed([]))),
    Effect.orDie,
    Effect.asVoid
  )

/** The stage: starts plays, and concludes them when the layer ends. */
const stage = (script: Script, options: MemoryOptions | undefined) =>
  Effect.gen(function* () {
    const plays: Array<Play> = []
    const done = Effect.suspend(() => Effect.forEach(plays, ({ fiber }) => Fiber.join(fiber), { discard: true }))
    const received = Effect.sync(() => plays.at(-1)?.transcript.received.slice() ?? new Uint8Array(0))
    const play = (tested: Duplex, peer: Duplex) =>
      Effect.gen(function* () {
        const steps = typeof script === "function" ? script(plays.length) : script
        const transcript = new Transcript()
        const acting = Effect.tapErrorCause(run(steps, peer, transcript), () => peer.abort)
        plays.push({ transcript, tested, fiber: yield* Effect.forkDaemon(Effect.interruptible(acting)) })
        return yield* owned(tested)
      })
    yield* Effect.addFinalizer(() => concludeAll(plays))
    const asClient = Effect.map(make({ client, server, encrypted: false }, options), ([near, far]) => play(near, far))
    const asServer = Effect.map(make({ client, server, encrypted: false }, options), ([near, far]) => play(far, near))
    return {
      peer: ScriptedPeer.of({ received, done }),
      connect: Effect.uninterruptible(Effect.flatten(asClient)),
      accepted: Effect.flatten(asServer)
    }
  })

/** A Transport whose connections lead to the peer. */
export const layer = (script: Script, options?: MemoryOptions): Layer.Layer<Transport | ScriptedPeer> =>
  Layer.scopedContext(
    Effect.map(stage(script, options), ({ connect, peer }) =>
      Context.make(ScriptedPeer, peer).pipe(Context.add(Transport, { connect: () => connect }))
    )
  )

/** Options of the Listener. */
export interface ListenerOptions extends MemoryOptions {
  /** How many peers connect, at the same time. Default 1. */
  readonly connections?: number | undefined
}

/** A Listener to which the peer connects as soon as `accept` runs. */
export const layerListener = (script: Script, options: ListenerOptions = {}): Layer.Layer<Listener | ScriptedPeer> =>
  Layer.scopedContext(
    Effect.map(stage(script, options), ({ accepted, peer }) => {
      const { connections = 1 } = options
      // The Scope of a connection owns its Duplex, which is made when it is accepted.
      const arrivals = new Arrivals<number>(Infinity, () => Effect.void)
      for (let connection = 0; connection < connections; connection++) arrivals.add(connection)
      const accept: Listener["Type"]["accept"] = (use) =>
        arrivals.accept(() => Effect.flatMap(Effect.uninterruptible(accepted), use))
      return Context.make(ScriptedPeer, peer).pipe(Context.add(Listener, { address: server, secure: false, accept }))
    })
  )
