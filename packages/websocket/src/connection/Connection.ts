/**
 * The engine of one connection: octets from the transport in, messages out, and the way back.
 *
 * It is driven by the transport's callbacks and is synchronous throughout; Effect begins at the methods that applications
 * call. It holds no buffer and no fiber while the connection is idle. The first failure ends it, and is what every pending
 * and later operation sees.
 */
import { encode } from "@effect-websocket/protocol/bytes/Utf8"
import { CloseCode } from "@effect-websocket/protocol/control/CloseCode"
import * as ClosePayload from "@effect-websocket/protocol/control/ClosePayload"
import { Opcode } from "@effect-websocket/protocol/frame/Opcode"
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
import { Closing, codeOf, noStatus } from "./Closing.js"
import type { Deadlines } from "./Deadlines.js"
import { Ending } from "./Ending.js"
import { Observers } from "./Observers.js"
import { Outbox } from "./Outbox.js"
import { Pings } from "./Pings.js"
import { Reader } from "./Reader.js"
import { Receiver, type ReceiverEvents } from "./Receiver.js"
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

/** §5.5: octets of a control frame, and of a reason behind the code. */
const maxControlPayload = 125
const maxReason = 123

const noOctets = new Uint8Array(0)

const tooLong = (length: number, limit: number): SendError | undefined =>
  length > limit ? new SendError({ reason: { _tag: "PayloadTooLong", length, limit } }) : undefined

/** How the transport is given up: in the order of RFC 6455 §7.1.1, or at once. */
type Teardown = "orderly" | "abrupt"

export class Connection implements WebSocket, ReceiverEvents {
  readonly negotiated: Negotiated
  readonly info: ConnectionInfo
  readonly receiver: Receiver
  /** What ended the connection. */
  failure: ConnectionError | undefined
  private readonly ending = new Ending()
  private readonly closing = new Closing()
  private readonly observers = new Observers()
  private readonly outbox: Outbox
  private readonly reader: Reader
  private readonly sender: Sender
  private readonly pings: Pings
  private readonly vigil: Vigil

  constructor(private readonly parts: ConnectionParts) {
    const { deadlines, duplex, limits, negotiated } = parts
    this.negotiated = negotiated
    this.info = duplex.info
    this.outbox = new Outbox(duplex, negotiated.role, parts.entropy)
    this.receiver = new Receiver(negotiated.role, limits, this)
    this.reader = new Reader(this, limits.readAhead)
    this.sender = new Sender(duplex, this.outbox, limits, parts.runtime, {
      refusal: () => this.refusal(),
      onUnfinished: () => this.startClosing({ code: 1011, reason: "a message was not finished" }),
      onDrained: () => this.onDrained(),
      onWriteFailure: (error) => this.onEnd(error)
    })
    this.pings = new Pings(deadlines.clock, limits.maxPings)
    this.vigil = new Vigil(deadlines, limits, {
      isReading: () => !this.reader.isPaused,
      onSilence: () => this.sender.control(Opcode.Ping, noOctets),
      onTimeout: (phase, millis) => this.onTimeout(phase, millis)
    })
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

  ping(payload?: Uint8Array): Effect.Effect<Duration.Duration, SendError | ConnectionError> {
    return Effect.suspend((): Effect.Effect<Duration.Duration, SendError | ConnectionError> => {
      const octets = payload ?? this.pings.payload()
      const refusal = this.refusal() ?? tooLong(octets.length, maxControlPayload)
      if (refusal !== undefined) return Effect.fail(refusal)
      if (this.pings.isFull) {
        return Effect.fail(new SendError({ reason: { _tag: "QueueFull", limit: this.parts.limits.maxPings } }))
      }
      return this.pings.wait(octets, () => this.sender.control(Opcode.Ping, octets))
    })
  }

  pong(payload: Uint8Array = noOctets): Effect.Effect<void, SendError> {
    return Effect.suspend(() => {
      const refusal = this.refusal() ?? tooLong(payload.length, maxControlPayload)
      if (refusal !== undefined) return Effect.fail(refusal)
      this.sender.control(Opcode.Pong, payload)
      return Effect.void
    })
  }

  close(code: number = CloseCode.NormalClosure, reason = ""): Effect.Effect<Closure, SendError> {
    return Effect.suspend(() => {
      const payload = ClosePayload.encode(code, reason)
      if (payload === "BadCloseCode") return Effect.fail(new SendError({ reason: { _tag: payload, code } }))
      if (payload === "PayloadTooLong") return Effect.fail(tooLong(encode(reason).length, maxReason)!)
      this.startClosing({ code, reason })
      return this.closed
    })
  }

  get closed(): Effect.Effect<Closure> {
    return this.ending.closed
  }

  get controlFrames() {
    return this.observers.stream
  }

  /** The Scope ends: closes in order, within `limits.closeTimeout`, and waits until the transport is gone. */
  release(exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.startClosing({ code: codeOf(exit), reason: "" })
      return Effect.zipRight(this.closed, this.ending.tornDown)
    })
  }

  onMessage(message: Message): void {
    this.vigil.messageEnded()
    // What comes after our Close frame is drained.
    if (!this.closing.isSent) this.reader.push(message)
  }

  onMessageStart(kind: "text" | "binary"): void {
    this.reader.start(kind)
  }

  onPiece(octets: Uint8Array): void {
    this.reader.piece(octets)
  }

  onMessageEnd(): void {
    this.vigil.messageEnded()
    this.reader.endPieces()
  }

  onControl(opcode: number, payload: Uint8Array): ProtocolViolation | undefined {
    if (opcode === Opcode.Close) return this.onClose(payload)
    if (!this.observers.isEmpty) {
      this.observers.tell({ _tag: opcode === Opcode.Ping ? "Ping" : "Pong", payload: payload.slice() })
    }
    if (opcode === Opcode.Pong) this.pings.settle(payload)
    // §5.5.2: a Ping is answered, unless a Close frame was sent.
    else if (!this.closing.isSent) this.answer(payload)
    return undefined
  }

  private answer(payload: Uint8Array): void {
    if (this.sender.isFull) {
      this.pings.owe(payload)
      this.sender.awaitDrain()
    } else this.sender.control(Opcode.Pong, payload)
  }

  private onDrained(): void {
    const pong = this.pings.takePong()
    if (pong !== undefined && this.refusal() === undefined) this.sender.control(Opcode.Pong, pong)
  }

  private onOctets(octets: Uint8Array): void {
    if (this.failure !== undefined) return
    this.sender.turned()
    const violation = this.receiver.receive(octets)
    this.vigil.heard(this.receiver.isMidMessage)
    if (violation !== undefined) this.onViolation(violation)
    this.reader.turn()
    this.outbox.flush()
  }

  private onClose(payload: Uint8Array): ProtocolViolation | undefined {
    const received = ClosePayload.decode(payload)
    if (received !== undefined && "_tag" in received) return received
    this.observers.tell({ _tag: "Close", ...(received ?? noStatus) })
    this.closing.receive(received)
    // §5.5.1: the answer has the code that was received; a frame without a code is answered with such a one.
    if (!this.closing.isSent) this.sendClose(received && { code: received.code, reason: "" })
    this.finish(new Closed({ closure: this.closing.closure(undefined) }), "orderly")
    return undefined
  }

  /** §7.1.7: fails the connection. */
  private onViolation(violation: ProtocolViolation): void {
    if (!this.closing.isSent) this.sendClose({ code: violation.closeCode, reason: violation.rule.slice(0, maxReason) })
    this.finish(new ProtocolError({ reason: violation, offset: this.receiver.offset }), "orderly")
  }

  private onTimeout(phase: TimeoutPhase, millis: number): void {
    const code = phase === "Idle" ? CloseCode.InternalError : CloseCode.PolicyViolation
    if (!this.closing.isSent) this.sendClose({ code, reason: `${phase} timeout` })
    const error = new TimeoutError({ phase, after: Duration.millis(millis) })
    this.finish(error, phase === "Message" ? "orderly" : "abrupt")
  }

  private onEnd(error: TransportError): void {
    this.finish(error, "abrupt")
  }

  private refusal(): SendError | undefined {
    if (this.failure !== undefined) return new SendError({ reason: { _tag: "Closed", failure: this.failure } })
    return this.closing.isSent ? new SendError({ reason: { _tag: "Closing" } }) : undefined
  }

  private startClosing(close: ClosePayload.ClosePayload): void {
    if (this.failure !== undefined || this.closing.isSent) return
    this.sendClose(close)
    this.vigil.closing()
    this.sender.wake()
    this.reader.readOn()
  }

  private sendClose(close: ClosePayload.ClosePayload | undefined): void {
    const payload = ClosePayload.encode(close?.code, close?.reason ?? "")
    this.outbox.octets(0x80 | Opcode.Close, payload as Uint8Array)
    this.outbox.flush()
    this.closing.send(close)
  }

  private finish(failure: ConnectionError, teardown: Teardown): void {
    if (this.failure !== undefined) return
    this.failure = failure
    this.receiver.stop()
    this.vigil.stop()
    this.outbox.flush()
    this.reader.end(failure)
    this.sender.wake()
    this.pings.fail(failure)
    this.observers.end()
    const closure = failure._tag === "Closed" ? failure.closure : this.closing.closure(failure)
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
