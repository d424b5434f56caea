/**
 * The objects of a browser in the hands of a test: what they are told is written down, and they do what the test says.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { hostTurn } from "effect-websocket/host/HostTurn"
import { type NativeConstructors, type NativeStream, Natives } from "../../src/Natives.js"

export interface Ended {
  readonly code: number
  readonly reason?: string
  readonly clean?: boolean
}

/** What both fakes can be told, and tell. */
export interface Fake {
  readonly uri: string
  readonly protocols: ReadonlyArray<string>
  /** What was sent, and what it was closed with. */
  readonly sent: Array<string | Uint8Array>
  readonly closes: Array<readonly [code: number | undefined, reason: string | undefined]>
  /** Whether the attempt was abandoned, or what is open was closed for want of an owner. */
  readonly isAbandoned: () => boolean
  readonly open: (protocol?: string, extensions?: string) => void
  /** The handshake fails. */
  readonly refuse: () => void
  readonly message: (message: string | Uint8Array) => void
  readonly end: (ended: Ended) => void
  /** All that was sent leaves for the network. */
  readonly drain: () => void
}

const bufferOf = (octets: Uint8Array): ArrayBuffer => octets.slice().buffer as ArrayBuffer

class FakeWebSocket implements Fake {
  readonly sent: Array<string | Uint8Array> = []
  readonly closes: Array<readonly [number | undefined, string | undefined]> = []
  binaryType = "blob"
  bufferedAmount = 0
  readyState = 0
  protocol = ""
  extensions = ""
  onopen: (() => void) | null = null
  onclose: ((event: { code: number; reason: string; wasClean: boolean }) => void) | null = null
  onmessage: ((event: { data: string | ArrayBuffer }) => void) | null = null

  constructor(
    readonly uri: string,
    readonly protocols: ReadonlyArray<string>
  ) {}

  send(message: string | Uint8Array): void {
    this.bufferedAmount += message.length
    this.sent.push(typeof message === "string" ? message : message.slice())
  }

  close(code?: number, reason?: string): void {
    this.closes.push([code, reason])
    this.readyState = 2
  }

  isAbandoned(): boolean {
    return this.closes.length > 0
  }

  open(protocol = "", extensions = ""): void {
    this.protocol = protocol
    this.extensions = extensions
    this.readyState = 1
    this.onopen?.()
  }

  refuse(): void {
    this.end({ code: 1006, clean: false })
  }

  message(message: string | Uint8Array): void {
    this.onmessage?.({ data: typeof message === "string" ? message : bufferOf(message) })
  }

  end({ clean = true, code, reason = "" }: Ended): void {
    this.readyState = 3
    this.onclose?.({ code, reason, wasClean: clean })
  }

  drain(): void {
    this.bufferedAmount = 0
  }
}

interface Settled<A> {
  readonly promise: Promise<A>
  readonly resolve: (value: A) => void
  readonly reject: (error: unknown) => void
}

const settled = <A>(): Settled<A> => {
  let resolve: Settled<A>["resolve"] = () => {}
  let reject: Settled<A>["reject"] = () => {}
  const promise = new Promise<A>((onValue, onError) => {
    resolve = onValue
    reject = onError
  })
  return { promise, resolve, reject }
}

class FakeStream implements Fake, NativeStream {
  readonly sent: Array<string | Uint8Array> = []
  readonly closes: Array<readonly [number | undefined, string | undefined]> = []
  readonly protocols: ReadonlyArray<string>
  /** How often it was asked for a message. */
  pulls = 0
  private readonly opening = settled<Awaited<NativeStream["opened"]>>()
  private readonly ending = settled<Awaited<NativeStream["closed"]>>()
  private readable: ReadableStreamDefaultController<string | ArrayBuffer> | undefined
  private writes: Array<() => void> = []

  constructor(
    readonly uri: string,
    private readonly options: { readonly protocols: Array<string>; readonly signal: AbortSignal }
  ) {
    this.protocols = options.protocols
    this.opening.promise.catch(() => {})
    this.ending.promise.catch(() => {})
    options.signal.addEventListener("abort", () => this.opening.reject(new Error("aborted")))
  }

  get opened() {
    return this.opening.promise
  }

  get closed() {
    return this.ending.promise
  }

  isAbandoned(): boolean {
    return this.options.signal.aborted
  }

  open(protocol = "", extensions = ""): void {
    const readable = new ReadableStream<string | ArrayBuffer>(
      {
        start: (controller) => {
          this.readable = controller
        },
        pull: () => {
          this.pulls++
        }
      },
      { highWaterMark: 0 }
    )
    const writable = new WritableStream<string | Uint8Array>({
      write: (chunk) => {
        this.sent.push(chunk)
        return new Promise((resolve) => this.writes.push(resolve))
      }
    })
    this.opening.resolve({ readable, writable, protocol, extensions })
  }

  refuse(): void {
    const error = new Error("a WebSocketError, which tells nothing")
    this.opening.reject(error)
    this.ending.reject(error)
  }

  close({ closeCode, reason }: { readonly closeCode?: number; readonly reason?: string } = {}): void {
    this.closes.push([closeCode, reason])
  }

  message(message: string | Uint8Array): void {
    this.readable?.enqueue(typeof message === "string" ? message : bufferOf(message))
  }

  end({ clean = true, code, reason = "" }: Ended): void {
    const error = new Error("a WebSocketError, which tells nothing")
    if (clean) {
      this.readable?.close()
      this.ending.resolve(code === 1005 ? {} : { closeCode: code, reason })
    } else {
      this.readable?.error(error)
      this.ending.reject(error)
    }
  }

  drain(): void {
    const { writes } = this
    this.writes = []
    for (const resolve of writes) resolve()
  }
}

export type Kind = "WebSocket" | "WebSocketStream"
export const kinds: ReadonlyArray<Kind> = ["WebSocket", "WebSocketStream"]

/** What was made of the constructors, in order. */
export interface Browser {
  readonly made: Array<Fake>
  /** What provides the constructors. */
  readonly layer: Layer.Layer<never>
}

/** A browser that has this, and nothing else. */
export const browser = (kind: Kind): Browser => {
  const made: Array<Fake> = []
  const constructors = {
    WebSocket: class extends FakeWebSocket {
      constructor(uri: string, protocols: Array<string>) {
        super(uri, protocols)
        made.push(this)
      }
    },
    WebSocketStream: class extends FakeStream {
      constructor(uri: string, options: { readonly protocols: Array<string>; readonly signal: AbortSignal }) {
        super(uri, options)
        made.push(this)
      }
    }
  }
  const natives = { [kind]: constructors[kind] } as unknown as NativeConstructors
  return { made, layer: Layer.succeed(Natives, natives) }
}

/** Lets whatever can go on without time passing go on. */
export const turns = (count = 10): Effect.Effect<void> => Effect.repeatN(hostTurn, count)
