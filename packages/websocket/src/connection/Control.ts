/**
 * Control frames, both ways (RFC 6455 §5.5): Pings and their Pongs, and the Close frames of the closing handshake.
 *
 * It answers what is to be answered, and tells the connection when the peer's Close frame has come. What a Close means for
 * messages, for those who wait and for the transport is the connection's affair.
 */
import { encode } from "@effect-websocket/protocol/bytes/Utf8"
import * as ClosePayload from "@effect-websocket/protocol/control/ClosePayload"
import { Opcode } from "@effect-websocket/protocol/frame/Opcode"
import type { ProtocolViolation } from "@effect-websocket/protocol/frame/ProtocolViolation"
import type * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { type Closure, type ConnectionError, SendError } from "../WebSocketError.js"
import { Closing, noStatus } from "./Closing.js"
import type { Observers } from "./Observers.js"
import { demandOctets } from "./Outbox.js"
import type { Pace } from "./Pace.js"
import { Pings } from "./Pings.js"
import type { Sender } from "./Sender.js"

/** §5.5: octets of the payload of a control frame. */
const maxPayload = 125

const noOctets = new Uint8Array(0)

const tooLong = (length: number, limit: number): SendError | undefined =>
  length > limit ? new SendError({ reason: { _tag: "PayloadTooLong", length, limit } }) : undefined

/** What Control asks and tells. */
export interface ControlOwner {
  readonly sender: Sender
  readonly pace: Pace
  readonly observers: Observers
  /** Why nothing may be sent now, or undefined. */
  readonly refusal: () => SendError | undefined
  /** The peer's Close frame has arrived: `answer`, and both have been exchanged (§7.1.4). */
  readonly onClose: (answer: () => void) => void
}

export class Control {
  private readonly closing = new Closing()
  private readonly pings: Pings

  constructor(
    private readonly owner: ControlOwner,
    clock: Clock.Clock,
    private readonly maxPings: number
  ) {
    this.pings = new Pings(clock, maxPings)
  }

  /** Our Close frame was sent: nothing may follow it (§5.5.1). */
  get isCloseSent(): boolean {
    return this.closing.isSent
  }

  ping(payload?: Uint8Array): Effect.Effect<Duration.Duration, SendError | ConnectionError> {
    return Effect.async((resume) => {
      const octets = payload === undefined ? this.pings.payload() : demandOctets(payload)
      const refusal = this.owner.refusal() ?? tooLong(octets.length, maxPayload) ?? this.tooMany
      if (refusal !== undefined) return resume(Effect.fail(refusal))
      const cancel = this.pings.wait(octets, resume)
      this.owner.sender.control(Opcode.Ping, octets)
      return Effect.sync(cancel)
    })
  }

  pong(payload: Uint8Array = noOctets): Effect.Effect<void, SendError> {
    return Effect.suspend(() => {
      const refusal = this.owner.refusal() ?? tooLong(payload.length, maxPayload)
      if (refusal !== undefined) return Effect.fail(refusal)
      this.owner.sender.control(Opcode.Pong, payload)
      return Effect.void
    })
  }

  /** A Ping that nobody waits for: a peer that lives answers it. */
  keepAlive(): void {
    if (this.owner.refusal() === undefined) this.owner.sender.control(Opcode.Ping, noOctets)
  }

  /** Why a Close frame with this code and reason may not be sent, or undefined. */
  unsendable(code: number, reason: string): SendError | undefined {
    if (typeof reason !== "string") throw new TypeError("a close reason is a string")
    const payload = ClosePayload.encode(code, reason)
    if (payload === "BadCloseCode") return new SendError({ reason: { _tag: payload, code } })
    return payload === "PayloadTooLong" ? tooLong(encode(reason).length, ClosePayload.maxReasonSize) : undefined
  }

  /** Sends our Close frame behind what was sent; without a payload it has no code. */
  sendClose(close: ClosePayload.ClosePayload | undefined): void {
    this.owner.sender.close(ClosePayload.encode(close?.code, close?.reason ?? "") as Uint8Array)
    this.closing.send(close)
  }

  /** A control frame has arrived; its payload is lent. */
  receive(opcode: number, payload: Uint8Array): ProtocolViolation | undefined {
    if (opcode === Opcode.Close) return this.onClose(payload)
    if (!this.owner.observers.isEmpty) {
      this.owner.observers.tell({ _tag: opcode === Opcode.Ping ? "Ping" : "Pong", payload: payload.slice() })
    }
    if (opcode === Opcode.Pong) this.pings.settle(payload)
    // §5.5.2: a Ping is answered, unless a Close frame was sent.
    else if (!this.isCloseSent) this.answer(payload)
    return undefined
  }

  /** Everything has left: the Pong that is owed may be sent. */
  onDrained(): void {
    const pong = this.pings.takePong()
    if (pong !== undefined && this.owner.refusal() === undefined) this.owner.sender.control(Opcode.Pong, pong)
  }

  /** How the connection ended, as far as Close frames tell; `cause` when it was not by them. */
  closure(cause: Closure["cause"]): Closure {
    return this.closing.closure(cause)
  }

  /** The connection has ended: no Pong will come, and nothing to watch. */
  end(failure: ConnectionError): void {
    this.pings.fail(failure)
    this.owner.observers.end()
  }

  private get tooMany(): SendError | undefined {
    const { maxPings, pings } = this
    return pings.isFull ? new SendError({ reason: { _tag: "QueueFull", limit: maxPings } }) : undefined
  }

  private answer(payload: Uint8Array): void {
    const { pace, sender } = this.owner
    if (pace.isFull) {
      this.pings.owe(payload)
      pace.awaitDrain()
    } else sender.control(Opcode.Pong, payload)
  }

  private onClose(payload: Uint8Array): ProtocolViolation | undefined {
    const received = ClosePayload.decode(payload)
    if (received !== undefined && "_tag" in received) return received
    this.owner.observers.tell({ _tag: "Close", ...(received ?? noStatus) })
    this.closing.receive(received)
    // §5.5.1: the answer has the code that was received; a frame without a code is answered with such a one.
    this.owner.onClose(() => {
      if (!this.isCloseSent) this.sendClose(received && { code: received.code, reason: "" })
    })
    return undefined
  }
}
