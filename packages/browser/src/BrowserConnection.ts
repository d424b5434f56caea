/**
 * A connection of a browser, as the `PortableWebSocket` it can be.
 *
 * The browser answers Pings and makes both handshakes; messages, closing, and what is bounded are here. The first failure ends
 * the connection, and is what every later operation sees, after what had arrived before it.
 */
import * as ClosePayload from "@effect-websocket/protocol/control/ClosePayload"
import * as ExtensionList from "@effect-websocket/protocol/extension/ExtensionList"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"
import { batchStream } from "effect-websocket/connection/batchStream"
import type { Agreement, Message, MessageOptions, PortableWebSocket } from "effect-websocket/MessageSocket"
import { Closed, type Closure, SendError, TimeoutError, TransportError } from "effect-websocket/WebSocketError"
import { Signal } from "effect-websocket/waiting/Signal"
import { Emission } from "./Emission.js"
import type { NativeEnd, Port, PortEvents } from "./Port.js"
import { Reception } from "./Reception.js"

/** What a connection is made of; the timeout in milliseconds. */
export interface ConnectionParts {
  readonly port: Port
  /** Host and port of the server, for what is told of failures. */
  readonly address: string
  readonly highWaterMark: number
  readonly maxUnread: number
  readonly closeTimeout: number
  readonly runtime: Runtime.Runtime<never>
}

/** RFC 6455 §7.4.1: never in a frame, there was none. */
const abnormal = 1006

/** Of the codes that may stand in a Close frame, those which a browser lets a page send. */
const isSendable = (code: number): boolean =>
  Number.isInteger(code) && (code === 1000 || (code >= 3000 && code <= 4999))

const unsendable = (code: number, reason: string): SendError | undefined => {
  if (!isSendable(code)) return new SendError({ reason: { _tag: "BadCloseCode", code } })
  if (ClosePayload.encode(code, reason) !== "PayloadTooLong") return undefined
  return new SendError({
    reason: { _tag: "PayloadTooLong", length: reason.length, limit: ClosePayload.maxReasonSize }
  })
}

const agreementOf = ({ extensions, protocol }: Port): Agreement => ({
  subprotocol: protocol === "" ? undefined : protocol,
  extensions: ExtensionList.parse(extensions) ?? []
})

export class BrowserConnection implements PortableWebSocket, PortEvents {
  readonly negotiated: Agreement
  private readonly reception: Reception
  private readonly emission: Emission
  private readonly ended = new Signal()
  private closure: Closure | undefined
  /** Our Close frame, once it was asked for; 1005 stands for one without a code. */
  private sent: ClosePayload.ClosePayload | undefined
  private deadline: Fiber.RuntimeFiber<void> | undefined

  constructor(private readonly parts: ConnectionParts) {
    const { highWaterMark, maxUnread, port } = parts
    this.negotiated = agreementOf(port)
    this.reception = new Reception(port, maxUnread, () => this.onOverrun())
    this.emission = new Emission(port, highWaterMark, () => this.refusal())
  }

  get pull() {
    return this.reception.pull
  }

  get receive() {
    return this.reception.receive
  }

  get messages() {
    return batchStream(this.reception.pull, this.isCleanEnd)
  }

  run<E = never, R = never>(handler: (message: Message) => Effect.Effect<unknown, E, R> | void) {
    return Effect.catchIf(this.reception.each(handler), this.isCleanEnd, () => Effect.void)
  }

  send(message: Message, options?: MessageOptions) {
    return this.emission.send(message, options)
  }

  sendAll(messages: Iterable<Message>, options?: MessageOptions) {
    return this.emission.sendAll(messages, options)
  }

  unsafeSend(message: Message): boolean {
    return this.emission.trySend(message)
  }

  close(code = 1000, reason = ""): Effect.Effect<Closure, SendError> {
    return Effect.suspend(() => {
      const refusal = unsendable(code, reason)
      if (refusal !== undefined) return Effect.fail(refusal)
      this.startClosing(code, reason)
      return this.closed
    })
  }

  get closed(): Effect.Effect<Closure> {
    return Effect.map(
      this.ended.until(() => this.closure !== undefined),
      () => this.closure as Closure
    )
  }

  /** The Scope ends: closes with 1000, or without a code when the program failed, since a page may not send 1001 or 1011. */
  release(exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.startClosing(Exit.isSuccess(exit) ? 1000 : undefined, "")
      return Effect.asVoid(this.closed)
    })
  }

  onMessage(message: Message): void {
    this.reception.push(message)
  }

  onDone(): void {
    this.reception.done()
  }

  onEnd({ clean, code, reason }: NativeEnd): void {
    const received = code === abnormal ? Option.none() : Option.some({ code, reason })
    const phase = { _tag: "Hidden", address: this.parts.address, phase: "Open" } as const
    this.finish(received, clean ? undefined : new TransportError({ reason: phase }))
  }

  private onOverrun(): void {
    const { maxUnread, port } = this.parts
    this.finish(Option.none(), new TransportError({ reason: { _tag: "Overrun", limit: maxUnread } }))
    port.close(undefined, "")
  }

  private startClosing(code: number | undefined, reason: string): void {
    if (this.closure !== undefined || this.sent !== undefined) return
    const { closeTimeout, port, runtime } = this.parts
    this.sent = { code: code ?? 1005, reason }
    port.close(code, reason)
    this.reception.discard()
    if (closeTimeout === Infinity) return
    const expire = Effect.delay(
      Effect.sync(() => this.onTimeout()),
      closeTimeout
    )
    this.deadline = Runtime.runFork(runtime)(expire)
  }

  private onTimeout(): void {
    this.deadline = undefined
    const after = Duration.millis(this.parts.closeTimeout)
    this.finish(Option.none(), new TimeoutError({ phase: "Close", after }))
  }

  private finish(received: Closure["received"], cause: TransportError | TimeoutError | undefined): void {
    if (this.closure !== undefined) return
    const initiator = this.sent === undefined ? "remote" : "local"
    const closure: Closure = {
      initiator,
      sent: Option.fromNullable(this.sent),
      received,
      clean: cause === undefined,
      cause
    }
    this.closure = closure
    this.deadline?.unsafeInterruptAsFork(FiberId.none)
    this.reception.end(cause ?? new Closed({ closure }))
    this.ended.wake()
  }

  private refusal(): SendError | undefined {
    const { failure } = this.reception
    if (failure !== undefined) return new SendError({ reason: { _tag: "Closed", failure } })
    const isOpen = this.sent === undefined && this.parts.port.isOpen()
    return isOpen ? undefined : new SendError({ reason: { _tag: "Closing" } })
  }

  private readonly isCleanEnd = (error: unknown): boolean => error instanceof Closed && error === this.reception.failure
}
