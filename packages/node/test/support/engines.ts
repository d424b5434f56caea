/** Engines of permessage-deflate with sinks that collect, for tests. */
import type { Role } from "@effect-websocket/protocol/bytes/Role"
import type { AgreedDeflate } from "@effect-websocket/protocol/extension/PerMessageDeflate"
import * as ProtocolViolation from "@effect-websocket/protocol/frame/ProtocolViolation"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { Compression, type Engine, type EngineSettings, type InflateSink } from "effect-websocket/Compression"

type Violation = ProtocolViolation.ProtocolViolation | undefined

/** The largest windows, with context takeover. */
export const widest: AgreedDeflate = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15
}

export const noTakeover: AgreedDeflate = { ...widest, serverNoContextTakeover: true, clientNoContextTakeover: true }

/** Keeps what is inflated, up to a limit. */
export class Collector implements InflateSink {
  /** How many octets came in all. */
  total = 0
  private pieces: Array<Uint8Array> = []
  private size = 0

  constructor(public limit = Infinity) {}

  readonly room = (): number => this.limit - this.size

  readonly onOctets = (octets: Uint8Array, start: number, end: number): Violation => {
    this.size += end - start
    this.total += end - start
    if (this.size > this.limit) return ProtocolViolation.messageTooBig(this.limit)
    this.pieces.push(octets.slice(start, end))
    return undefined
  }

  /** The message so far; the next one begins. */
  take(): Uint8Array {
    const octets = Buffer.concat(this.pieces)
    this.pieces = []
    this.size = 0
    return new Uint8Array(octets)
  }
}

export const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"))
export const toHex = (octets: Uint8Array): string => Buffer.from(octets).toString("hex")
export const text = (value: string): Uint8Array => new Uint8Array(Buffer.from(value))

/** One side of a connection. */
export class Side {
  pauses = 0

  constructor(
    readonly engine: Engine,
    readonly sink: Collector
  ) {}

  deflate(octets: Uint8Array): Uint8Array {
    return this.engine.deflater.deflate(octets, "end").slice()
  }

  /** A part of a payload, with all its pauses. */
  push(octets: Uint8Array): Violation {
    const { inflater } = this.engine
    let violation = inflater.push(octets, 0, octets.length)
    for (; inflater.isPaused; this.pauses++) violation = inflater.resume()
    return violation
  }

  /** A message in parts of `size` octets: the message, or what is wrong with it. */
  inflate(payload: Uint8Array, size = payload.length): Uint8Array | ProtocolViolation.ProtocolViolation {
    for (let at = 0; at < payload.length; at += size) {
      const violation = this.push(payload.slice(at, at + size))
      if (violation !== undefined) return violation
    }
    return this.engine.inflater.end() ?? this.sink.take()
  }
}

/** Opens one side of a connection. */
export type Open = (agreed?: AgreedDeflate, role?: Role, settings?: Partial<EngineSettings>, limit?: number) => Side

/** Runs the test with a layer; what was opened is closed after it. */
export const withEngines = <A>(layer: Layer.Layer<Compression>, test: (open: Open) => A): A =>
  Effect.runSync(
    Effect.provide(
      Effect.map(Compression, (compression) => {
        const engines: Array<Engine> = []
        const open: Open = (agreed = widest, role = "server", settings = {}, limit = Infinity) => {
          const sink = new Collector(limit)
          const engine = compression.open(agreed, role, { level: 6, memLevel: 8, ...settings }, sink)
          engines.push(engine)
          return new Side(engine, sink)
        }
        const result = test(open)
        for (const engine of engines) engine.close()
        return result
      }),
      layer
    )
  )
