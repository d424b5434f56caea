/**
 * The reading half of a Duplex, made from one of its two faces: `unsafeReceive` in, `pull` and teardown out.
 *
 * Nothing is read before the first demand. Between two pulls the source is paused, so who does not ask does not read;
 * an interrupted pull leaves what arrived to the next one. Once `unsafeReceive` is called it gets what is still here, and
 * then everything as it arrives. Closing follows RFC 6455 §7.1.1.
 */
import type { Role } from "@effect-websocket/protocol/bytes/Role"
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Effect from "effect/Effect"
import { unsafeSoon } from "../host/Soon.js"
import type { Duplex, FlowControl } from "../Transport.js"
import type { TransportError } from "../WebSocketError.js"
import { type Stop, Wait } from "../waiting/Wait.js"

type Receive = Duplex["unsafeReceive"]
type Chunks = NonEmptyReadonlyArray<Uint8Array>

/** Both faces of reading, and how to get to the end of it. */
export interface Reading {
  readonly pull: Duplex["pull"]
  readonly unsafeReceive: Receive
  /** Reads until the end and discards what arrives, in whatever way it was read before. Completes at the end. */
  readonly discard: Effect.Effect<void>
}

class ReadingState implements Reading {
  private held: Array<Uint8Array> = []
  private failure: TransportError | undefined
  private flow: FlowControl | undefined
  private started = false
  private paused = false
  private discarding = false
  private ended = false
  private waiter: (() => void) | undefined
  private receiver:
    | { readonly onOctets: (octets: Uint8Array) => void; readonly onEnd: (error: TransportError) => void }
    | undefined
  private readonly discarders = new Set<() => void>()

  constructor(
    private readonly source: Receive,
    private readonly owned: boolean
  ) {}

  readonly pull: Duplex["pull"] = new Wait(
    () => this.there(),
    (again) => this.onceRead(again)
  )

  readonly unsafeReceive: Receive = (onOctets, onEnd) => {
    this.receiver = { onOctets, onEnd }
    if (this.started) unsafeSoon(this.handOver)
    else this.start()
    return {
      pause: () => {
        this.paused = true
        this.flow?.pause()
      },
      resume: () => {
        this.paused = false
        if (this.held.length > 0) unsafeSoon(this.handOver)
        else this.flow?.resume()
      }
    }
  }

  readonly discard: Effect.Effect<void> = Effect.async<void>((resume) => {
    if (this.failure !== undefined && this.held.length === 0) return resume(Effect.void)
    const done = () => resume(Effect.void)
    this.discarders.add(done)
    this.discarding = true
    this.paused = false
    this.held = []
    this.proceed()
    if (this.failure !== undefined) this.finish()
    return Effect.sync(() => this.discarders.delete(done))
  })

  /** The last step before the caller has the octets: an interruption comes before it, or after they were delivered. */
  private readonly take: Effect.Effect<Chunks> = Effect.sync(() => {
    const chunks = this.held
    this.held = []
    return chunks as unknown as Chunks
  })

  private there(): Duplex["pull"] | undefined {
    if (this.receiver !== undefined) return Effect.dieMessage("Duplex.pull after unsafeReceive")
    if (this.held.length > 0) return this.take
    if (this.failure !== undefined) return Effect.fail(this.failure)
    return this.waiter && Effect.dieMessage("two pulls of one Duplex at a time")
  }

  private onceRead(again: () => void): Stop {
    this.waiter = again
    this.proceed()
    return () => {
      if (this.waiter !== again) return
      this.waiter = undefined
      this.flow?.pause()
    }
  }

  private proceed(): void {
    if (this.started) this.flow?.resume()
    else this.start()
  }

  /** A source may deliver before it has returned its controls: whoever paused in the meantime is obeyed afterwards. */
  private start(): void {
    this.started = true
    this.flow = this.source(this.onOctets, this.onEnd)
    if (this.paused || (this.receiver === undefined && this.held.length > 0)) this.flow.pause()
  }

  private readonly onOctets = (octets: Uint8Array): void => {
    if (this.discarding) return
    if (this.receiver !== undefined && this.held.length === 0 && !this.paused) {
      this.receiver.onOctets(octets)
      return
    }
    this.held.push(this.owned ? octets : octets.slice())
    this.flow?.pause()
    this.wake()
  }

  private readonly onEnd = (error: TransportError): void => {
    this.failure = error
    this.wake()
    if (this.held.length === 0) this.finish()
  }

  private wake(): void {
    const again = this.waiter
    this.waiter = undefined
    again?.()
  }

  /** What was read before, to the receiver; then the source flows again. */
  private readonly handOver = (): void => {
    while (this.held.length > 0 && !this.paused) {
      const octets = this.held.shift() as Uint8Array
      this.receiver?.onOctets(octets)
    }
    if (this.paused) return
    if (this.failure === undefined) this.flow?.resume()
    else this.finish()
  }

  /** Nothing is left: the end is told, once, and whoever discards has finished. */
  private finish(): void {
    const error = this.failure
    if (error === undefined) return
    for (const done of this.discarders) done()
    this.discarders.clear()
    if (this.ended || this.receiver === undefined) return
    this.ended = true
    this.receiver.onEnd(error)
  }
}

/**
 * Derives `pull` from `unsafeReceive`. With `owned` the octets that arrive are ours to keep; else they are copied where
 * they have to wait.
 */
export const fromReceive = (source: Receive, options: { readonly owned: boolean }): Reading =>
  new ReadingState(source, options.owned)

/** The steps of closing, as a Duplex has them. */
export type Closable = Pick<Duplex, "end" | "drain" | "abort">

/**
 * `Duplex.teardown`, built from the other operations. Completes when the peer has ended and all that was written is out;
 * also when the connection failed. Interruption aborts.
 */
export const teardown =
  (closable: Closable, discard: Effect.Effect<void>): Duplex["teardown"] =>
  (role: Role) => {
    const finish = Effect.zipRight(closable.end, Effect.ignore(closable.drain))
    // §7.1.1: the server closes first, so that it holds TIME_WAIT; the client waits for the server's end.
    const steps = role === "server" ? Effect.zipRight(closable.end, discard) : discard
    return Effect.onInterrupt(Effect.zipRight(steps, finish), () => closable.abort)
  }
