/**
 * The engine of one connection: octets from the transport in, messages out, and the way back.
 *
 * It is driven by the transport's callbacks and is synchronous throughout; Effect begins at the methods that applications
 * call. It holds no buffer and no fiber while the connection is idle. The first failure ends it, and is what every pending
 * and later operation sees.
 */
import { CloseCode } from "@effect-websocket/protocol/control/CloseCode"
import type { ClosePayload } from "@effect-websocket/protocol/control/ClosePayload"
import type { ProtocolViolation } from "@effect-websocket/protocol/frame/ProtocolViolation"
import type { Negotiated } from "@effect-websocket/protocol/handshake/Negotiated"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Runtime from "effect/Runtime"
import type * as Stream from "effect/Stream"
import type { Source } from "../Entropy.js"
import type { LimitValues } from "../Limits.js"
import type { ConnectionInfo, Duplex } from "../Transport.js"
import {
  Closed,
  type Closure,
  type ConnectionError,
  ProtocolError,
  SendError,
  TimeoutError,
  type TimeoutPhase,
  type TransportError
} from "../WebSocketError.js"
import { codeOf } from "./Closing.js"
import { Control } from "./Control.js"
import type { Deadlines } from "./Deadlines.js"
import { Ending } from "./Ending.js"
import { Outbox } from "./Outbox.js"
import { Reader } from "./Reader.js"
import { Receiver } from "./Receiver.js"
import { Sender } from "./Sender.js"
import { Vigil } from "./Vigil.js"
import type { Message, SendOptions, WebSocket } from "./WebSocket.js"

/** What a connection is made of. */
export interface ConnectionParts {
  readonly duplex: Duplex
  readonly negotiated: Negotiated
  readonly limits: LimitValues
  readonly deadlines: Deadlines
  readonly entropy: Source
  readonly runtime: Runtime.Runtime<never>
}

/** How the transport is given up: in the order of RFC 6455 §7.1.1, or at once. */
type Teardown = "orderly" | "abrupt"

export class Connection implements WebSocket {
  readonly negotiated: Negotiated
  readonly info: ConnectionInfo
  readonly receiver: Receiver
  /** What ended the connection. */
  failure: ConnectionError | undefined
  private readonly ending = new Ending()
  private readonly outbox: Outbox
  private readonly sender: Sender
  private readonly reader: Reader
  private readonly control: Control
  private readonly vigil: Vigil

  constructor(private readonly parts: ConnectionParts) {
    const { deadlines, duplex, limits, negotiated } = parts
    this.negotiated = negotiated
    this.info = duplex.info
    const refusal = () => this.refusal()
    this.outbox = new Outbox(duplex, negotiated.role, parts.entropy)
    this.sender = new Sender(duplex, this.outbox, limits, parts.runtime, {
      refusal,
      onUnfinished: () => this.startClosing({ code: CloseCode.InternalError, reason: "a message was not finished" }),
      onDrained: () => this.control.onDrained(),
      onWriteFailure: (error) => this.onEnd(error)
    })
    this.control = new Control(
      { sender: this.sender, refusal, onClosed: () => this.onClosed() },
      deadlines.clock,
      limits.maxPings
    )
    this.reader = new Reader(this, limits)
    this.receiver = new Receiver(negotiated.role, limits, this.reader, (opcode, payload) =>
      this.control.receive(opcode, payload)
    )
    this.vigil = new Vigil(deadlines, limits, {
      isReading: () => !this.reader.isPaused,
      onSilence: () => this.control.keepAlive(),
      onTimeout: (phase, millis) => this.onTimeout(phase, millis)
    })
    this.start()
  }

  get pull() {
    return this.reader.pull
  }

  get receive() {
    return this.reader.receive
  }

  get messages() {
    return this.reader.messages
  }

  get receiveStream() {
    return this.reader.receiveStream
  }

  run<E, R>(handler: (message: Message) => Effect.Effect<unknown, E, R> | void) {
    return this.reader.run(handler)
  }

  send(message: Message, options?: SendOptions) {
    return this.sender.send(message, options)
  }

  sendAll(messages: Iterable<Message>, options?: SendOptions) {
    return this.sender.sendAll(messages, options)
  }

  sendStream<E, R>(kind: "text" | "binary", body: Stream.Stream<Uint8Array | string, E, R>) {
    return this.sender.sendStream(kind, body)
  }

  unsafeSend(message: Message): boolean {
    return this.sender.trySend(message)
  }

  ping(payload?: Uint8Array) {
    return this.control.ping(payload)
  }

  pong(payload?: Uint8Array) {
    return this.control.pong(payload)
  }

  close(code: number = CloseCode.NormalClosure, reason = ""): Effect.Effect<Closure, SendError> {
    return Effect.suspend(() => {
      const unsendable = this.control.unsendable(code, reason)
      if (unsendable !== undefined) return Effect.fail(unsendable)
      this.startClosing({ code, reason })
      return this.closed
    })
  }

  get closed(): Effect.Effect<Closure> {
    return this.ending.closed
  }

  get controlFrames() {
    return this.control.observers.stream
  }

  /** The Scope ends: closes in order, within `limits.closeTimeout`, and waits until the transport is gone. */
  release(exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.startClosing({ code: codeOf(exit), reason: "" })
      return Effect.zipRight(this.closed, this.ending.tornDown)
    })
  }

  private start(): void {
    const { duplex, negotiated } = this.parts
    // The octets that came with the handshake are the first.
    if (negotiated.leftover.length > 0) this.onOctets(negotiated.leftover.slice())
    if (this.failure !== undefined) return
    this.reader.attach(
      duplex.unsafeReceive(
        (octets) => this.onOctets(octets),
        (error) => this.onEnd(error)
      )
    )
  }

  private onOctets(octets: Uint8Array): void {
    if (this.failure !== undefined) return
    this.outbox.beginTurn()
    this.sender.turned()
    const violation = this.receiver.receive(octets)
    this.vigil.heard(this.receiver.messages, this.receiver.isMidMessage)
    if (violation !== undefined) this.onViolation(violation)
    this.reader.turn()
    this.outbox.endTurn()
  }

  /** §7.1.7: fails the connection. */
  onViolation(violation: ProtocolViolation): void {
    if (!this.control.isCloseSent) this.control.sendClose({ code: violation.closeCode, reason: violation.rule })
    this.finish(new ProtocolError({ reason: violation, offset: this.receiver.offset }), "orderly")
  }

  private onTimeout(phase: TimeoutPhase, millis: number): void {
    const code = phase === "Idle" ? CloseCode.InternalError : CloseCode.PolicyViolation
    if (!this.control.isCloseSent) this.control.sendClose({ code, reason: `${phase} timeout` })
    const error = new TimeoutError({ phase, after: Duration.millis(millis) })
    this.finish(error, phase === "Message" ? "orderly" : "abrupt")
  }

  private onClosed(): void {
    this.finish(new Closed({ closure: this.control.closure(undefined) }), "orderly")
  }

  private onEnd(error: TransportError): void {
    this.finish(error, "abrupt")
  }

  private refusal(): SendError | undefined {
    if (this.failure !== undefined) return new SendError({ reason: { _tag: "Closed", failure: this.failure } })
    return this.control.isCloseSent ? new SendError({ reason: { _tag: "Closing" } }) : undefined
  }

  private startClosing(close: ClosePayload): void {
    if (this.failure !== undefined || this.control.isCloseSent) return
    this.control.sendClose(close)
    this.vigil.closing()
    this.sender.wake()
    this.reader.drain()
  }

  private finish(failure: ConnectionError, teardown: Teardown): void {
    if (this.failure !== undefined) return
    this.failure = failure
    this.receiver.stop()
    this.vigil.stop()
    this.outbox.flush()
    this.reader.end(failure)
    this.sender.wake()
    this.control.end(failure)
    const closure = failure._tag === "Closed" ? failure.closure : this.control.closure(failure)
    this.ending.complete(closure, Runtime.runFork(this.parts.runtime)(this.tearDown(teardown)))
  }

  private tearDown(teardown: Teardown): Effect.Effect<void> {
    const { duplex, limits, negotiated } = this.parts
    if (teardown === "abrupt") return Effect.zipRight(duplex.end, duplex.abort)
    // Who fails the connection does not wait for the other to end first.
    const role = this.failure?._tag === "Closed" ? negotiated.role : "server"
    const bounded = Effect.timeoutOption(duplex.teardown(role), Duration.millis(limits.closeTimeout))
    return Effect.ensuring(Effect.asVoid(bounded), duplex.abort)
  }
}
