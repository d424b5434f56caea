/**
 * The engine of one connection: octets from the transport in, messages out, and the way back.
 *
 * It is driven by the transport's callbacks and is synchronous throughout; Effect begins at the face that applications
 * see (`OpenWebSocket`). It holds no buffer and no fiber while the connection is idle. The first failure ends it, and is what every pending
 * and later operation sees.
 */
import { CloseCode } from "@effect-websocket/protocol/control/CloseCode"
import type { ClosePayload } from "@effect-websocket/protocol/control/ClosePayload"
import type { AgreedDeflate } from "@effect-websocket/protocol/extension/PerMessageDeflate"
import type { ProtocolViolation } from "@effect-websocket/protocol/frame/ProtocolViolation"
import type { Negotiated } from "@effect-websocket/protocol/handshake/Negotiated"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import { afterHostTurn } from "../host/HostTurn.js"
import type { LimitValues } from "../Limits.js"
import type { ConnectionInfo } from "../Transport.js"
import {
  Closed,
  type Closure,
  type ConnectionError,
  ProtocolError,
  SendError,
  TimeoutError,
  type TimeoutPhase,
  TransportError
} from "../WebSocketError.js"
import { codeOf, isAborted } from "./Closing.js"
import type { ConnectionParts } from "./ConnectionParts.js"
import { Control, type ControlOwner } from "./Control.js"
import { Deflation } from "./Deflation.js"
import { Ending } from "./Ending.js"
import { Observers } from "./Observers.js"
import { Outbox } from "./Outbox.js"
import { Pace, type PaceOwner } from "./Pace.js"
import { Reader, type ReaderOwner } from "./Reader.js"
import { Receiver } from "./Receiver.js"
import { Sender, type SenderOwner } from "./Sender.js"
import { breakOff, cutOff, tearDown } from "./tearDown.js"
import { Vigil, type VigilOwner } from "./Vigil.js"

/** Its parts tell it what they see: one object for all of them, as a server has many that are idle. */
export class Connection implements PaceOwner, ReaderOwner, SenderOwner, ControlOwner, VigilOwner {
  readonly negotiated: Negotiated
  readonly receiver: Receiver
  /** What ended the connection. */
  failure: ConnectionError | undefined
  private readonly ending = new Ending()
  private readonly outbox: Outbox
  readonly pace: Pace
  readonly observers = new Observers()
  readonly sender: Sender
  readonly reader: Reader
  readonly control: Control
  private readonly vigil: Vigil
  /** The transport has ended, before all that it had delivered was decoded. */
  private lateEnd: TransportError | undefined
  /** The peer's Close frame, or its fault, is behind messages which the application sees first. */
  private isConcluding = false

  constructor(private readonly parts: ConnectionParts) {
    const { compression, deadlines, duplex, limits, negotiated } = parts
    this.negotiated = negotiated
    this.outbox = new Outbox(duplex, negotiated.role, parts.entropy)
    this.pace = new Pace(duplex, this.outbox, limits, parts.runtime, this)
    this.reader = new Reader(this, limits)
    const onControl = (opcode: number, payload: Uint8Array) => this.control.receive(opcode, payload)
    this.receiver = new Receiver(negotiated.role, limits, this.reader, onControl, compression?.open)
    const { engine } = this.receiver
    const deflation = compression && engine && new Deflation(engine.deflater, compression.threshold, compression.shared)
    this.sender = new Sender(this.outbox, limits, this.pace, deflation, this)
    this.control = new Control(this, deadlines.clock, limits.maxPings)
    this.vigil = new Vigil(deadlines, limits, this)
    this.start()
  }

  get info(): ConnectionInfo {
    return this.parts.duplex.info
  }

  /** The limits in force. */
  get limits(): LimitValues {
    return this.parts.limits
  }

  /** The parameters of permessage-deflate, when it was agreed. */
  get compression(): AgreedDeflate | undefined {
    return this.parts.compression?.agreed
  }

  changeLimits(limits: LimitValues): void {
    Object.assign(this.parts.limits, limits)
    this.vigil.renew()
    this.pace.wake()
  }

  get closed(): Effect.Effect<Closure> {
    return this.ending.closed
  }

  /** The Scope ends: closes in order, within `limits.closeTimeout`, and waits until the transport is gone. */
  release(exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.startClosing({ code: codeOf(exit), reason: "" })
      return this.ending.tornDown
    })
  }

  /** Ends the connection without a word; what waits to be sent is dropped. Done when the transport is gone. */
  get abort(): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.finish(new TransportError({ reason: { _tag: "Aborted" } }), false)
      // Also where it has ended in order, and waits for the peer to end too.
      return Effect.zipRight(this.parts.duplex.abort, this.ending.tornDown)
    })
  }

  private start(): void {
    const { duplex, negotiated } = this.parts
    // The octets that came with the handshake are the first.
    if (negotiated.leftover.length > 0) this.onOctets(negotiated.leftover.slice())
    if (this.failure !== undefined) return
    this.reader.flow.attach(
      duplex.unsafeReceive(
        (octets) => this.onOctets(octets),
        (error) => this.onEnd(error)
      )
    )
  }

  /** Octets have arrived; none: the event loop has turned, and those are gone on with which are there. */
  private onOctets(octets?: Uint8Array): void {
    if (this.failure !== undefined || this.isConcluding) return
    this.outbox.beginTurn()
    if (octets === undefined) this.pace.turned()
    const { messages } = this.receiver
    const violation = octets === undefined ? this.receiver.resume() : this.receiver.receive(octets)
    this.reader.flow.spend(octets?.length ?? 0, this.receiver.messages - messages)
    this.vigil.heard(this.receiver.messages, this.receiver.isMidMessage)
    if (violation !== undefined) this.conclude(() => this.onViolation(violation))
    this.reader.turn()
    this.outbox.endTurn()
    if (this.lateEnd !== undefined) this.onEnd(this.lateEnd)
  }

  resumeReceiver(): void {
    this.onOctets()
  }

  /** §7.1.7: fails the connection. */
  onViolation(violation: ProtocolViolation): void {
    if (!this.control.isCloseSent) this.control.sendClose({ code: violation.closeCode, reason: violation.rule })
    this.finish(new ProtocolError({ reason: violation, offset: this.receiver.offset }), true)
  }

  onDrained(): void {
    this.control.onDrained()
  }

  onWriteFailure(error: TransportError): void {
    this.finish(error, false)
  }

  onUnfinished(): void {
    this.startClosing({ code: CloseCode.InternalError, reason: "a message was not finished" })
  }

  isReading(): boolean {
    return !this.reader.flow.isPaused
  }

  onSilence(): void {
    this.control.keepAlive()
  }

  onTimeout(phase: TimeoutPhase, millis: number): void {
    const code = phase === "Idle" ? CloseCode.InternalError : CloseCode.PolicyViolation
    if (!this.control.isCloseSent) this.control.sendClose({ code, reason: `${phase} timeout` })
    const error = new TimeoutError({ phase, after: Duration.millis(millis) })
    this.finish(error, phase === "Message")
  }

  /**
   * Ends the connection by what stands behind the last message: at once, or, when the application is about to see messages that came
   * before in the same read, after a turn of the event loop in which it can answer them.
   */
  private conclude(end: () => void): void {
    if (this.control.isCloseSent || !this.reader.hasNews) end()
    else {
      this.isConcluding = true
      this.receiver.halt()
      afterHostTurn(() => this.failure === undefined && end())
    }
  }

  /** Both have been exchanged with our answer (§7.1.4). */
  onClose(answer: () => void): void {
    this.conclude(() => {
      answer()
      this.finish(new Closed({ closure: this.control.closure(undefined) }), true)
    })
  }

  /** What had arrived before counts first. */
  private onEnd(error: TransportError): void {
    if (this.isConcluding) return
    if (this.receiver.isPaused) this.lateEnd = error
    else this.finish(error, false)
  }

  /** Why nothing may be sent now, or undefined. */
  refusal(): SendError | undefined {
    if (this.failure !== undefined) return new SendError({ reason: { _tag: "Closed", failure: this.failure } })
    return this.control.isCloseSent ? new SendError({ reason: { _tag: "Closing" } }) : undefined
  }

  /** Begins the closing handshake (§7.1.2), unless it has begun. */
  startClosing(close: ClosePayload): void {
    if (this.failure !== undefined || this.control.isCloseSent) return
    this.control.sendClose(close)
    this.vigil.closing()
    this.pace.wake()
    this.reader.drain()
  }

  private finish(failure: ConnectionError, isOrderly: boolean): void {
    if (this.failure !== undefined) return
    this.failure = failure
    this.receiver.stop()
    this.vigil.stop()
    const isAbort = isAborted(failure)
    if (!isAbort) this.outbox.flush()
    this.reader.end(failure)
    this.pace.wake()
    this.control.end(failure)
    const closure = failure._tag === "Closed" ? failure.closure : this.control.closure(failure)
    // Who fails the connection does not wait for the other to end first.
    const role = failure._tag === "Closed" ? this.negotiated.role : "server"
    const onGone = () => this.ending.gone()
    if (isOrderly) tearDown(this.parts, role, onGone)
    else if (isAbort) breakOff(this.parts, onGone)
    else cutOff(this.parts, onGone)
    this.ending.complete(closure)
  }
}
