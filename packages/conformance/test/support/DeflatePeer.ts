/**
 * Our side of a connection with permessage-deflate, and its peer in the hands of a test: handshakes and frames are made
 * and read without any code of the library, and compressed by node:zlib.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type { CompressionChoice } from "effect-websocket/Compression"
import type { LimitOptions } from "effect-websocket/Limits"
import * as WebSocket from "effect-websocket/WebSocket"
import * as WebSocketServer from "effect-websocket/WebSocketServer"
import { type Place, places } from "./places.js"
import type { RawPeer } from "./RawPeer.js"
import { RawDeflater, type RawDirection, RawInflater } from "./rawDeflate.js"
import { fin, frame, parseFrames, requestOf, responseTo, rsv1, type WireFrame } from "./wire.js"

export type Role = "client" | "server"

export const roles: ReadonlyArray<Role> = ["client", "server"]

export const other = (role: Role): Role => (role === "client" ? "server" : "client")

/** How the two sides compress. */
export interface Directions {
  readonly ours?: RawDirection
  readonly theirs?: RawDirection
}

/** Frames of one message, and what is unusual about them. */
export interface MessageShape {
  /** Octets of the payload of each frame; the last has the rest. */
  readonly fragmentSize?: number
  readonly compress?: boolean
}

export class DeflatePeer {
  /** The head of what our side sent first. */
  head = ""
  readonly deflater: RawDeflater
  private readonly inflater: RawInflater
  private readonly heard: Array<string | Uint8Array> = []
  private seen = 0
  private parts: Array<WireFrame> = []

  constructor(
    readonly raw: RawPeer,
    readonly role: Role,
    { ours, theirs }: Directions = {}
  ) {
    this.deflater = new RawDeflater(theirs)
    this.inflater = new RawInflater(ours)
  }

  /** A frame as this peer sends it. */
  frame(first: number, payload: Uint8Array | string = ""): Buffer {
    return frame(first, typeof payload === "string" ? Buffer.from(payload) : payload, this.role)
  }

  /** The frames of a payload that is compressed, or is not. */
  frames(first: number, payload: Uint8Array, size = Infinity): Buffer {
    const frames: Array<Buffer> = []
    let at = 0
    do {
      const end = Math.min(payload.length, at + size)
      const opcode = at === 0 ? first : 0
      frames.push(this.frame(end === payload.length ? fin | opcode : opcode, payload.subarray(at, end)))
      at = end
    } while (at < payload.length)
    return Buffer.concat(frames)
  }

  /** The frames of a message. */
  message(message: string | Uint8Array, { compress = true, fragmentSize }: MessageShape = {}): Buffer {
    const opcode = typeof message === "string" ? 1 : 2
    if (!compress) return this.frames(opcode, Buffer.from(message as string), fragmentSize)
    return this.frames(rsv1 | opcode, this.deflater.deflate(message), fragmentSize)
  }

  write(...parts: ReadonlyArray<Uint8Array>): Effect.Effect<void> {
    return this.raw.write([Buffer.concat(parts)])
  }

  send(message: string | Uint8Array, shape?: MessageShape): Effect.Effect<void> {
    return Effect.suspend(() => this.write(this.message(message, shape)))
  }

  close(code = 1000): Effect.Effect<void> {
    return this.write(this.frame(0x88, Buffer.of(code >> 8, code & 0xff)))
  }

  /** All whole frames that have arrived. */
  get received(): ReadonlyArray<WireFrame> {
    return parseFrames(this.raw.received.subarray(this.head.length)).frames
  }

  /** Messages that have arrived, inflated with exactly the window that was agreed on. */
  get messages(): ReadonlyArray<string | Uint8Array> {
    const { received } = this
    for (; this.seen < received.length; this.seen++) this.hear(received[this.seen]!)
    return this.heard
  }

  /** The code of the Close frame that has arrived. */
  get closeCode(): number | undefined {
    const payload = this.received.find(({ opcode }) => opcode === 8)?.payload
    return payload === undefined ? undefined : payload.length < 2 ? 1005 : payload.readUInt16BE(0)
  }

  /** Waits until so many frames have arrived, or our side has ended. */
  untilFrames(count: number): Effect.Effect<ReadonlyArray<WireFrame>> {
    return Effect.map(
      this.raw.until(() => this.received.length >= count),
      () => this.received
    )
  }

  /** Waits until so many messages have arrived, or our side has ended. */
  untilMessages(count: number): Effect.Effect<ReadonlyArray<string | Uint8Array>> {
    return Effect.map(
      this.raw.until(() => this.messages.length >= count),
      () => this.messages
    )
  }

  /**
   * Waits for our Close frame, answers it, and ends, as a client does (RFC 6455 §7.1.1: not before the server); or waits for an
   * end without one. The code.
   */
  get closed(): Effect.Effect<number | undefined> {
    return Effect.gen(this, function* () {
      yield* this.raw.until(() => this.closeCode !== undefined)
      yield* this.close()
      if (this.role === "server") this.raw.end()
      yield* this.raw.all
      return this.closeCode
    })
  }

  private hear(next: WireFrame): void {
    if (next.opcode >= 8) return
    this.parts.push(next)
    if (!next.isLast) return
    const payload = Buffer.concat(this.parts.map((part) => part.payload))
    const { first, opcode } = this.parts[0]!
    const octets = (first & rsv1) === 0 ? payload : this.inflater.inflate(payload)
    this.heard.push(opcode === 1 ? octets.toString() : new Uint8Array(octets))
    this.parts = []
  }
}

export interface ConnectedOptions extends Directions {
  /** What our side was given. true. */
  readonly compression?: CompressionChoice
  /** The element of Sec-WebSocket-Extensions that the peer sends, as offer or as answer; `null`: none. `permessage-deflate`. */
  readonly extension?: string | null
  readonly limits?: LimitOptions
  readonly place?: Place
  /** What a server does with the connection. Waits until it has ended. */
  readonly handler?: (ws: WebSocket.WebSocket) => Effect.Effect<unknown, unknown>
}

/** Both sides without parameters: windows of 15 bits, and context takeover. */
export const widest = { serverMaxWindowBits: 15, clientMaxWindowBits: 15, threshold: 0 } as const

const connectedClient = (options: ConnectedOptions) =>
  Effect.gen(function* () {
    const { compression = widest, extension = "permessage-deflate", limits, place = places.memory! } = options
    const met = yield* Deferred.make<DeflatePeer>()
    const uri = yield* place.serve((raw) =>
      Effect.gen(function* () {
        const peer = new DeflatePeer(raw, "server", options)
        peer.head = yield* raw.head
        yield* raw.write([Buffer.from(responseTo(peer.head, extension ?? undefined))])
        yield* Deferred.succeed(met, peer)
      })
    )
    const ws = yield* WebSocket.connect(uri, { compression, limits })
    const peer = yield* Deferred.await(met)
    // At the end of the test the peer hangs up first, so that nobody waits for its Close frame.
    yield* Effect.addFinalizer(() => Effect.sync(() => peer.raw.end()))
    return { ws, peer }
  })

const connectedServer = (options: ConnectedOptions) =>
  Effect.gen(function* () {
    const { compression = widest, extension = "permessage-deflate", limits, place = places.memory! } = options
    const { handler = (ws) => ws.closed } = options
    const met = yield* Deferred.make<WebSocket.WebSocket>()
    const handle = (ws: WebSocket.WebSocket) => Effect.zipRight(Deferred.succeed(met, ws), handler(ws))
    yield* Effect.forkScoped(WebSocketServer.run(handle, { compression, limits }))
    const peer = new DeflatePeer(yield* place.toServer, "client", options)
    yield* peer.raw.write([Buffer.from(requestOf(extension ?? undefined))])
    peer.head = yield* peer.raw.head
    return { ws: yield* Deferred.await(met), peer }
  })

/** Our connection in this role, and its peer. Above the transport is what the test provides. */
export const connected = (role: Role, options: ConnectedOptions = {}) =>
  role === "client" ? connectedClient(options) : connectedServer(options)
