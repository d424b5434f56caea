/**
 * A peer in the hands of a test: text out, text in, over any Duplex. Each character is one octet (ISO 8859-1).
 */
import * as Effect from "effect/Effect"
import { type Duplex, Transport } from "../../src/Transport.js"
import type { TransportError } from "../../src/WebSocketError.js"

export const octets = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "latin1"))
export const text = (chunk: Uint8Array): string => Buffer.from(chunk).toString("latin1")

export interface Wire {
  readonly duplex: Duplex
  readonly write: (text: string) => Effect.Effect<void>
  /** Reads until `mark` has arrived; gives all that has, and keeps what stands behind it for the next call. */
  readonly until: (mark: string) => Effect.Effect<string, TransportError>
  /** Reads a number of octets. */
  readonly take: (count: number) => Effect.Effect<string, TransportError>
  /** Reads until the end, and gives the failure with what came before. */
  readonly rest: Effect.Effect<{ readonly text: string; readonly reason: string }>
}

export const wire = (duplex: Duplex): Wire => {
  let kept = ""
  const more = Effect.map(duplex.pull, (chunks) => {
    kept += chunks.map(text).join("")
  })
  const cut = (end: number): string => {
    const taken = kept.slice(0, end)
    kept = kept.slice(end)
    return taken
  }
  const read = (end: () => number): Effect.Effect<string, TransportError> =>
    Effect.suspend(() => (end() >= 0 ? Effect.succeed(cut(end())) : Effect.zipRight(more, read(end))))
  return {
    duplex,
    write: (chunk) => Effect.sync(() => duplex.unsafeWrite([octets(chunk)])),
    until: (mark) => read(() => (kept.includes(mark) ? kept.indexOf(mark) + mark.length : -1)),
    take: (count) => read(() => (kept.length >= count ? count : -1)),
    rest: Effect.map(Effect.flip(Effect.forever(more)), ({ reason }) => ({
      text: cut(kept.length),
      reason: reason._tag
    }))
  }
}

/** A client of its own making, connected by the Transport. */
export const rawClient = Effect.map(
  Effect.flatMap(Transport, (transport) => transport.connect({ host: "server.example.com", port: 80, secure: false })),
  wire
)

/** A frame of fewer than 126 octets, unmasked. */
export const frame = (opcode: number, payload: string): string =>
  `${String.fromCharCode(0x80 | opcode, payload.length)}${payload}`

/** A frame of fewer than 126 octets, masked with the key 0. */
export const maskedFrame = (opcode: number, payload: string): string =>
  `${String.fromCharCode(0x80 | opcode, 0x80 | payload.length)}\0\0\0\0${payload}`

/** A Close frame's payload. */
export const closePayload = (code: number, reason = ""): string =>
  `${String.fromCharCode(code >> 8, code & 0xff)}${reason}`
