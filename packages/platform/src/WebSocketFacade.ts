/**
 * A WebSocket of this library with the interface of browsers (WHATWG WebSockets), as far as consumers of
 * `Socket.WebSocketConstructor` need it.
 *
 * That interface has no back-pressure. Binary messages are a `Uint8Array`, as `Socket` says, and never a Blob: nothing overtakes
 * them. An end without a closing handshake is an event 'error' before the event 'close', and has the error of this library.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import type { Message, WebSocket } from "effect-websocket/WebSocket"
import type { Closure } from "effect-websocket/WebSocketError"
import { payloadOf } from "./SocketFailure.js"
import { WebSocketOutbox } from "./WebSocketOutbox.js"

/** The event 'close'. Node.js 20 has no class for it. */
export class WebSocketFacadeCloseEvent extends Event {
  constructor(
    readonly code: number,
    readonly reason: string,
    readonly wasClean: boolean
  ) {
    super("close")
  }
}

/** The event 'error'; `error` is why. */
export class WebSocketFacadeErrorEvent extends Event {
  constructor(readonly error: unknown) {
    super("error")
  }
}

/** How a connection is opened, and who runs it. */
export interface FacadeParts {
  readonly url: string
  readonly connect: Effect.Effect<WebSocket, unknown, Scope.Scope>
  readonly fork: (effect: Effect.Effect<void>) => void
}

type Listener<E> = ((event: E) => void) | null

/** The octets are the application's, which may change them when `send` has returned. */
const messageOf = (data: unknown): Message => {
  if (typeof data === "string") return data
  if (data instanceof ArrayBuffer) return new Uint8Array(data.slice(0))
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice()
  throw new TypeError("a message is a string, an ArrayBuffer, or a view of one")
}

/** An application closes with 1000, or with a code of its own (WHATWG WebSockets, `close`). */
const checkClose = (code: number, reason: string): void => {
  if (code !== 1000 && !(code >= 3000 && code <= 4999)) {
    throw new DOMException("a close code is 1000, or from 3000 to 4999", "InvalidAccessError")
  }
  if (Buffer.byteLength(reason) > 123) throw new DOMException("a close reason has 123 octets at most", "SyntaxError")
}

/** RFC 6455 §7.1.5 */
const abnormal = { code: 1006, reason: "" }

export class WebSocketFacade extends EventTarget {
  readonly CONNECTING = 0
  readonly OPEN = 1
  readonly CLOSING = 2
  readonly CLOSED = 3
  readonly url: string
  readonly binaryType = "arraybuffer"
  onopen: Listener<Event> = null
  onmessage: Listener<MessageEvent> = null
  onerror: Listener<WebSocketFacadeErrorEvent> = null
  onclose: Listener<WebSocketFacadeCloseEvent> = null
  private state = 0
  private ws: WebSocket | undefined
  private readonly outbox = new WebSocketOutbox()

  constructor({ connect, fork, url }: FacadeParts) {
    super()
    this.url = url
    this.addEventListener("open", (event) => this.onopen?.(event))
    this.addEventListener("message", (event) => this.onmessage?.(event as MessageEvent))
    this.addEventListener("error", (event) => this.onerror?.(event as WebSocketFacadeErrorEvent))
    this.addEventListener("close", (event) => this.onclose?.(event as WebSocketFacadeCloseEvent))
    fork(this.life(connect))
  }

  get readyState(): number {
    return this.state
  }

  get protocol(): string {
    return this.ws?.negotiated.subprotocol ?? ""
  }

  get extensions(): string {
    return this.ws?.negotiated.response.fields.combined("Sec-WebSocket-Extensions") ?? ""
  }

  /** Octets of the messages which wait for the peer. */
  get bufferedAmount(): number {
    return this.outbox.octets
  }

  /** Sends a message, now or later; throws while connecting, and does nothing once the connection closes. */
  send(data: unknown): void {
    if (this.state === this.CONNECTING) throw new DOMException("the connection is not open yet", "InvalidStateError")
    if (this.state === this.OPEN) this.outbox.push(messageOf(data))
  }

  /** Closes the connection when all messages have been sent; or gives up opening it. */
  close(code = 1000, reason = ""): void {
    checkClose(code, reason)
    if (this.state >= this.CLOSING) return
    this.state = this.CLOSING
    this.outbox.close(code, reason)
  }

  private life(connect: FacadeParts["connect"]): Effect.Effect<void> {
    const connection = Effect.gen(this, function* () {
      const ws = yield* Effect.raceFirst(connect, this.outbox.untilClosing)
      this.opened(ws)
      yield* Effect.forkScoped(this.outbox.drain(ws))
      yield* ws.run((data) => void this.dispatchEvent(new MessageEvent("message", { data })))
      return yield* ws.closed
    })
    const ended = (exit: Exit.Exit<Closure, unknown>) => Effect.sync(() => this.ended(exit))
    return Effect.ignore(Effect.onExit(Effect.scoped(connection), ended))
  }

  private opened(ws: WebSocket): void {
    this.ws = ws
    this.state = this.OPEN
    this.dispatchEvent(new Event("open"))
  }

  private ended(exit: Exit.Exit<Closure, unknown>): void {
    this.state = this.CLOSED
    if (Exit.isFailure(exit)) this.dispatchEvent(new WebSocketFacadeErrorEvent(Cause.squash(exit.cause)))
    const { code, reason } = Exit.isSuccess(exit) ? payloadOf(exit.value) : abnormal
    this.dispatchEvent(new WebSocketFacadeCloseEvent(code, reason, Exit.isSuccess(exit)))
  }
}
