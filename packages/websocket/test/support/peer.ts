/**
 * A connection of the engine, and its peer in the hands of a test: frames out, frames in, nothing answered by itself.
 *
 * The codec of the peer shares nothing with the library.
 */

import * as ExtensionList from "@effect-websocket/protocol/extension/ExtensionList"
import type { Negotiated } from "@effect-websocket/protocol/handshake/Negotiated"
import { Fields } from "@effect-websocket/protocol/http/Fields"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Compression, type CompressionService } from "../../src/Compression.js"
import * as FrameStream from "../../src/FrameStream.js"
import { hostTurn } from "../../src/host/HostTurn.js"
import type { LimitOptions } from "../../src/Limits.js"
import * as MemoryTransport from "../../src/MemoryTransport.js"
import type { Duplex, FlowControl } from "../../src/Transport.js"
import type { MemoryOptions } from "../../src/transport/MemoryPipe.js"
import type { TransportError } from "../../src/WebSocketError.js"

export type Role = "client" | "server"

export const roles: ReadonlyArray<Role> = ["client", "server"]
export const other = (role: Role): Role => (role === "client" ? "server" : "client")

export const hex = (digits: string): Uint8Array => new Uint8Array(Buffer.from(digits.replaceAll(" ", ""), "hex"))
export const utf8 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text))
export const concat = (...parts: ReadonlyArray<Uint8Array>): Uint8Array => new Uint8Array(Buffer.concat(parts))

/** Octets which reveal a wrong order. */
export const octets = (length: number, seed = 0): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => (index * 7 + Math.floor(index / 251) + seed) & 0xff)

/** What of a frame is not as usual. */
export interface Unusual {
  readonly fin?: boolean
  readonly rsv?: number
  readonly masked?: boolean
}

const lengthOf = (length: number): ReadonlyArray<number> => {
  if (length < 126) return [length]
  if (length < 65536) return [126, length >> 8, length & 0xff]
  return [127, 0, 0, 0, 0, length >>> 24, (length >> 16) & 0xff, (length >> 8) & 0xff, length & 0xff]
}

const key = [0x37, 0xfa, 0x21, 0x3d]

/** A frame as this role sends it. */
export const frame = (role: Role, opcode: number, payload: Uint8Array | string = "", unusual: Unusual = {}) => {
  const { fin = true, masked = role === "client", rsv = 0 } = unusual
  const plain = typeof payload === "string" ? utf8(payload) : payload
  const [marker = 0, ...extended] = lengthOf(plain.length)
  const head = [(fin ? 0x80 : 0) | (rsv << 4) | opcode, (masked ? 0x80 : 0) | marker, ...extended]
  if (!masked) return concat(Uint8Array.from(head), plain)
  return concat(
    Uint8Array.from([...head, ...key]),
    plain.map((octet, index) => octet ^ (key[index % 4] ?? 0))
  )
}

export const closePayload = (code: number, reason = ""): Uint8Array =>
  concat(Uint8Array.of(code >> 8, code & 0xff), utf8(reason))

/** A frame that was received. */
export interface Seen {
  readonly fin: boolean
  readonly rsv: number
  readonly opcode: number
  /** The masking key, when it was masked. */
  readonly key: string | undefined
  readonly payload: Uint8Array
}

/** All whole frames of some octets, and how many octets they have. */
export const parse = (all: Uint8Array): { readonly frames: ReadonlyArray<Seen>; readonly size: number } => {
  const view = Buffer.from(all.buffer, all.byteOffset, all.length)
  const frames: Array<Seen> = []
  for (let at = 0; ; ) {
    if (all.length < at + 2) return { frames, size: at }
    const [first, second] = [view.readUInt8(at), view.readUInt8(at + 1)]
    const marker = second & 0x7f
    const extended = marker === 126 ? 2 : marker === 127 ? 8 : 0
    const start = at + 2 + extended + (second >= 0x80 ? 4 : 0)
    if (all.length < start) return { frames, size: at }
    const length = extended === 0 ? marker : view.readUIntBE(at + 2 + Math.max(0, extended - 6), Math.min(6, extended))
    if (all.length < start + length) return { frames, size: at }
    const mask = second >= 0x80 ? view.subarray(start - 4, start) : undefined
    const payload = Uint8Array.from(view.subarray(start, start + length), (octet, i) => octet ^ (mask?.[i % 4] ?? 0))
    frames.push({ fin: first >= 0x80, rsv: (first >> 4) & 7, opcode: first & 15, key: mask?.toString("hex"), payload })
    at = start + length
  }
}

/** How many turns of the event loop anything in memory may take. */
const patience = 5000

/** Waits, turn by turn, until the condition holds; fails the test when it never does. */
export const until = (condition: () => boolean, what = "the condition"): Effect.Effect<void> =>
  Effect.gen(function* () {
    for (let turn = 0; turn < patience; turn++) {
      if (condition()) return
      yield* hostTurn
    }
    return yield* Effect.dieMessage(`in vain waited for ${what}`)
  })

const names: Readonly<Record<number, string>> = { 0: "more", 1: "text", 2: "binary", 8: "close", 9: "ping", 10: "pong" }

/** A short form of a frame: `text Hello`, `close 1000 bye`, `binary 00ff`, `text- He` without FIN. */
export const brief = ({ fin, opcode, payload }: Seen): string => {
  const name = `${names[opcode] ?? opcode}${fin ? "" : "-"}`
  const view = Buffer.from(payload)
  if (payload.length === 0) return name
  if (opcode === 8) return `${name} ${view.readUInt16BE(0)}${payload.length > 2 ? ` ${view.toString("utf8", 2)}` : ""}`
  return `${name} ${opcode === 1 || opcode === 0 ? view.toString() : view.toString("hex")}`
}

export class Peer {
  /** How the side under test has ended: the reason of the transport. */
  end: string | undefined
  private received: Array<Uint8Array> = []
  private readonly flow: FlowControl

  constructor(
    readonly duplex: Duplex,
    readonly role: Role
  ) {
    this.flow = duplex.unsafeReceive(
      (chunk) => this.received.push(chunk.slice()),
      ({ reason }) => {
        this.end = reason._tag
      }
    )
  }

  /** All octets that have arrived. */
  get octets(): Uint8Array {
    this.received = [concat(...this.received)]
    return this.received[0] ?? new Uint8Array(0)
  }

  /** All frames that have arrived. */
  get frames(): ReadonlyArray<Seen> {
    return parse(this.octets).frames
  }

  /** All frames that have arrived, in their short forms. */
  get briefs(): ReadonlyArray<string> {
    return this.frames.map(brief)
  }

  /** Reads no more, or again. */
  pause(): void {
    this.flow.pause()
  }

  resume(): void {
    this.flow.resume()
  }

  write(...parts: ReadonlyArray<Uint8Array>): void {
    this.duplex.unsafeWrite([concat(...parts)])
  }

  frame(opcode: number, payload?: Uint8Array | string, unusual?: Unusual): Uint8Array {
    return frame(this.role, opcode, payload, unusual)
  }

  send(opcode: number, payload?: Uint8Array | string, unusual?: Unusual): void {
    this.write(this.frame(opcode, payload, unusual))
  }

  close(code = 1000, reason = ""): void {
    this.send(8, closePayload(code, reason))
  }

  /** Waits until so many frames have arrived. */
  until(count: number): Effect.Effect<void> {
    return until(() => this.frames.length >= count, `${count} frames; there are: ${this.briefs.join(", ")}`)
  }

  /** Waits until the side under test has ended. */
  get ended(): Effect.Effect<void> {
    return until(() => this.end !== undefined, "the end")
  }
}

/** What a handshake in this role might have given; `extension` was offered, and answered. */
export const negotiated = (role: Role, leftover: Uint8Array = new Uint8Array(0), extension?: string): Negotiated => {
  const fields = Fields.from(extension === undefined ? {} : { "Sec-WebSocket-Extensions": extension })
  return {
    role,
    request: { method: "GET", target: "/", version: "1.1", fields },
    response: { version: "1.1", status: 101, reason: "", fields },
    subprotocol: undefined,
    extensions: ExtensionList.parse(extension ?? "") ?? [],
    leftover
  }
}

export interface OpenOptions {
  readonly limits?: LimitOptions
  readonly memory?: MemoryOptions
  /** Octets that came with the handshake. */
  readonly leftover?: Uint8Array
  /** permessage-deflate was agreed on: by this service, whose every message is compressed. */
  readonly compression?: CompressionService
  /** Changes the transport of the side under test. */
  readonly change?: (lower: Duplex) => Duplex
}

/** What reaches the engine at this very moment, and not when the transport has brought it. */
export interface AtOnce {
  deliver: (octets: Uint8Array) => void
  fail: (error: TransportError) => void
}

const tapped = (lower: Duplex): { readonly at: AtOnce; readonly duplex: Duplex } => {
  const at: AtOnce = { deliver: () => {}, fail: () => {} }
  const unsafeReceive: Duplex["unsafeReceive"] = (onOctets, onEnd) => {
    at.deliver = onOctets
    at.fail = onEnd
    return lower.unsafeReceive(onOctets, onEnd)
  }
  return { at, duplex: { ...lower, unsafeReceive } }
}

/** An engine of the Scope. */
export const engine = Effect.map(Layer.build(FrameStream.layer), Context.get(FrameStream.FrameStream))

/** Connections of one engine. When the Scope ends the peer hangs up before the connection is released. */
export const opener = Effect.map(
  engine,
  (frames) =>
    (role: Role, options: OpenOptions = {}) =>
      Effect.gen(function* () {
        const { change = (lower: Duplex) => lower, compression, leftover, limits, memory } = options
        const [client, server] = yield* MemoryTransport.pair(memory)
        const [near, far] = role === "client" ? [client, server] : [server, client]
        const { at, duplex } = tapped(change(near))
        const extension = compression && "permessage-deflate"
        const opened = frames.open(duplex, negotiated(role, leftover, extension), {
          limits,
          compression: { threshold: 0 }
        })
        const ws = yield* compression === undefined ? opened : Effect.provideService(opened, Compression, compression)
        const peer = new Peer(far, other(role))
        yield* Effect.addFinalizer(() => far.abort)
        return { ws, peer, at }
      })
)

/** A connection in this role, after the handshake. */
export const open = (role: Role, options?: OpenOptions) => Effect.flatMap(opener, (make) => make(role, options))
