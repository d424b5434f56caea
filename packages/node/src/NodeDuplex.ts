/**
 * A `net.Socket`, a `tls.TLSSocket`, or any other `stream.Duplex` of Node.js, as a `Duplex`.
 *
 * One object with few fields per connection; its listeners are functions shared by all connections. The stream is paused
 * until somebody reads. It never trusts what `write()` returns (that is compared before the kernel has taken anything),
 * and never leaves an 'error' without a listener. Sockets are to be made with `allowHalfOpen`, or the peer's end is ours.
 */

import type * as stream from "node:stream"
import type { Role } from "@effect-websocket/protocol/bytes/Role"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { ConnectionInfo, Duplex } from "effect-websocket/Transport"
import { TransportError, type TransportReason } from "effect-websocket/WebSocketError"
import { Act } from "effect-websocket/waiting/Act"
import { type Stop, Wait } from "effect-websocket/waiting/Wait"
import * as NodeConnectionInfo from "./NodeConnectionInfo.js"
import * as NodeError from "./NodeError.js"
import { readInto } from "./NodeReadBuffer.js"
import { NodeReader } from "./NodeReader.js"

const owner = Symbol("@effect-websocket/node/NodeDuplex")
type Owned = stream.Duplex & { [owner]?: NodeDuplex | undefined }

/** What the maker of a stream knows better than the stream. */
export interface Options {
  readonly info?: Partial<ConnectionInfo> | undefined
  /** Why there are no more octets when the stream has emitted 'end'. EndOfStream. */
  readonly endReason?: (() => TransportReason) | undefined
}

const discard = (): void => {}
const endOfStream = (): TransportReason => ({ _tag: "EndOfStream" })

function onData(this: Owned, octets: Uint8Array): void {
  this[owner]?.arrive(octets)
}

function onRead(this: Owned, length: number, buffer: Uint8Array): void {
  this[owner]?.lend(new Uint8Array(buffer.buffer, buffer.byteOffset, length))
}

function onEnd(this: Owned): void {
  const duplex = this[owner]
  duplex?.fail(new TransportError({ reason: duplex.endReason() }))
}

/** Stays on the stream when all others have gone: an error after the end is no news, and must not be uncaught. */
function onError(this: Owned, cause: unknown): void {
  this[owner]?.break(cause)
}

function onClose(this: Owned): void {
  this.off("data", onData).off("end", onEnd).off("close", onClose)
  const duplex = this[owner]
  this[owner] = undefined
  duplex?.close()
}

class NodeDuplex extends NodeReader implements Duplex {
  readonly endReason: () => TransportReason
  known: Partial<ConnectionInfo> | undefined
  complete: ConnectionInfo | undefined

  constructor(native: stream.Duplex, options: Options | undefined) {
    super(native)
    this.known = options?.info
    this.endReason = options?.endReason ?? endOfStream
    ;(native as Owned)[owner] = this
    this.failure = this.former()
    NodeConnectionInfo.remember(native)
    native.pause()
    readInto(native, onRead)
    // Octets which were read before we came, and those of streams that have no buffer.
    native.on("data", onData).on("end", onEnd).on("error", onError).on("close", onClose)
  }

  /** What had ended the stream before we came. */
  former(): TransportError | undefined {
    if (this.stream.errored) return NodeError.stream(this.stream.errored)
    if (this.stream.readableEnded) return new TransportError({ reason: this.endReason() })
    return this.stream.destroyed ? new TransportError({ reason: { _tag: "Read" } }) : undefined
  }

  get info(): ConnectionInfo {
    this.complete ??= NodeConnectionInfo.make(this.stream, this.known)
    return this.complete
  }

  /** The first failure is final. */
  fail(error: TransportError): void {
    if (this.failure === undefined) {
      this.failure = error
      this.readers?.wake()
      if (this.onOctets !== undefined) this.deliver()
    }
    this.wakeWriters()
  }

  /** What a broken stream had read until then has arrived all the same. */
  break(cause: unknown): void {
    const rest: Uint8Array | null = this.stream.errored && !this.leaving ? this.stream.read() : null
    if (rest !== null) this.keep(rest)
    this.stream.destroy()
    this.fail(NodeError.stream(cause))
  }

  close(): void {
    if (this.failure === undefined) this.fail(new TransportError({ reason: { _tag: "Read" } }))
    this.releaseWriters()
  }

  get abort(): Effect.Effect<void> {
    return new Act(() => void this.stream.destroy())
  }

  teardown(role: Role): Effect.Effect<void> {
    return new Wait(
      () => this.gone(role),
      (again) => this.onceGone(again)
    )
  }

  /** Once the peer has ended we do, and once both have the stream is of no more use. */
  gone(role: Role): Effect.Effect<void> | undefined {
    if (!this.leaving) this.leave(role)
    if (this.failure !== undefined && this.stream.writableFinished) this.stream.destroy()
    if (this.stream.destroyed) return Effect.void
    if (this.failure !== undefined) this.stream.end()
    return undefined
  }

  leave(role: Role): void {
    this.leaving = true
    this.onOctets = discard
    this.arrived = undefined
    // §7.1.1: the server ends first; a client waits for the server's end.
    if (role === "server") this.stream.end()
    this.paused = false
    this.deliver()
  }

  /** Who gives up waiting closes hard. */
  onceGone(again: () => void): Stop {
    const leave = this.onceWritten(again)
    return () => {
      leave()
      this.stream.destroy()
    }
  }
}

/** The stream as a Duplex, from now on read and written by it alone; nobody's Scope owns it. */
export const unsafeMake = (native: stream.Duplex, options?: Options): Duplex => new NodeDuplex(native, options)

/** The stream as a Duplex which the Scope owns: its end destroys the stream. */
export const fromDuplex = (native: stream.Duplex, options?: Options): Effect.Effect<Duplex, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => unsafeMake(native, options)),
    (duplex) => duplex.abort
  )
