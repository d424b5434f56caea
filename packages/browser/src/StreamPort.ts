/**
 * The `WebSocketStream` of browsers as a Port: a message is read when it is asked for, and that is the back-pressure.
 */
import * as Effect from "effect/Effect"
import type { Message } from "effect-websocket/MessageSocket"
import { Signal } from "effect-websocket/waiting/Signal"
import type { OnOpen } from "./EventPort.js"
import type { NativeStream } from "./Natives.js"
import type { NativeEnd, Port, PortEvents } from "./Port.js"

type Opened = Awaited<NativeStream["opened"]>

const toMessage = (chunk: string | ArrayBuffer | Uint8Array): Message =>
  typeof chunk === "string" || chunk instanceof Uint8Array ? chunk : new Uint8Array(chunk)

/** An end which the browser does not explain: RFC 6455 §7.1.5, no Close frame. */
const unclean: NativeEnd = { code: 1006, reason: "", clean: false }

class StreamPort implements Port {
  readonly protocol: string
  readonly extensions: string
  private readonly reader: ReadableStreamDefaultReader<string | ArrayBuffer | Uint8Array>
  private readonly writer: WritableStreamDefaultWriter<string | Uint8Array>
  private readonly progressed = new Signal()
  private waiting = 0
  private isReading = false
  private isDone = false

  constructor(
    private readonly stream: NativeStream,
    opened: Opened
  ) {
    this.protocol = opened.protocol
    this.extensions = opened.extensions
    this.reader = opened.readable.getReader()
    this.writer = opened.writable.getWriter()
    this.writer.closed.catch(() => {})
  }

  /** Told of what is read, and of the end. */
  events: PortEvents | undefined

  isOpen(): boolean {
    return !this.isDone
  }

  hasMore(): boolean {
    return !this.isDone
  }

  demand(): void {
    if (this.isReading || this.isDone) return
    this.isReading = true
    this.reader.read().then(
      ({ done, value }) => (done ? this.done() : this.read(value)),
      () => this.done()
    )
  }

  send(message: Message): void {
    const { length } = message
    this.waiting += length
    const sent = () => {
      this.waiting -= length
      this.progressed.wake()
    }
    // The octets are read later, and belong to the application again when this has returned.
    this.writer.write(typeof message === "string" ? message : message.slice()).then(sent, sent)
  }

  buffered(): number {
    return this.waiting
  }

  get progress(): Effect.Effect<void> {
    return Effect.suspend(() => {
      const before = this.waiting
      return this.progressed.until(() => this.waiting < before)
    })
  }

  close(code: number | undefined, reason: string): void {
    this.stream.close(code === undefined ? {} : { closeCode: code, reason })
  }

  private read(value: string | ArrayBuffer | Uint8Array): void {
    this.isReading = false
    this.events?.onMessage(toMessage(value))
  }

  private done(): void {
    this.isReading = false
    this.isDone = true
    this.events?.onDone()
  }
}

/** Opens; `failure` is for a handshake that failed. Interruption abandons it, or closes what is open. */
export const open = <C, E>(
  create: (signal: AbortSignal) => NativeStream,
  onOpen: OnOpen<C>,
  failure: (cause: unknown) => E
): Effect.Effect<C, E> =>
  Effect.async<C, E>((resume) => {
    const controller = new AbortController()
    let isOpen = false
    let isOver = false
    let stream: NativeStream
    try {
      stream = create(controller.signal)
    } catch (cause) {
      return resume(Effect.fail(failure(cause)))
    }
    const connect = (opened: Opened) => {
      // Given up at the very moment at which it has opened.
      if (isOver) return stream.close()
      isOpen = true
      const port = new StreamPort(stream, opened)
      const connection = onOpen(port)
      port.events = connection
      stream.closed.then(
        ({ closeCode = 1005, reason = "" }) => connection.onEnd({ code: closeCode, reason, clean: true }),
        () => connection.onEnd(unclean)
      )
      resume(Effect.succeed(connection))
    }
    stream.closed.catch(() => {})
    stream.opened.then(connect, (cause) => resume(Effect.fail(failure(cause))))
    return Effect.sync(() => {
      isOver = true
      // Both would crash Chromium 156.
      if (isOpen) stream.close()
      else controller.abort()
    })
  })
