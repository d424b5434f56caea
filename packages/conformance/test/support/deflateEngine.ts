/** An engine of permessage-deflate on Node.js that inflates what it has deflated, for the tables of payloads. */
import * as NodeCompression from "@effect-websocket/node/NodeCompression"
import { messageTooBig, type ProtocolViolation } from "@effect-websocket/protocol/frame/ProtocolViolation"
import * as Effect from "effect/Effect"
import { Compression, type DeflateStep } from "effect-websocket/Compression"

/** How it is made. */
export interface EngineOptions {
  readonly windowBits?: number
  readonly level?: number
  /** Octets of a message that is inflated. */
  readonly limit?: number
}

/** Both directions, one message at a time. */
export interface DeflateEngine {
  readonly deflate: (octets: Uint8Array, step?: DeflateStep) => Uint8Array
  /** A payload in pieces of so many octets: the message, or what is wrong with it. */
  readonly inflate: (payload: Uint8Array, size?: number) => Uint8Array | ProtocolViolation
}

/** Runs the test with an engine, which is closed behind it. */
export const engine = (
  { level = 6, limit = Infinity, windowBits = 15 }: EngineOptions,
  test: (engine: DeflateEngine) => void
): void => {
  const agreed = {
    serverNoContextTakeover: false,
    clientNoContextTakeover: false,
    serverMaxWindowBits: windowBits,
    clientMaxWindowBits: windowBits
  }
  const run = Effect.map(Compression, ({ open }) => {
    let message: Array<Uint8Array> = []
    const size = () => message.reduce((sum, { length }) => sum + length, 0)
    const { close, deflater, inflater } = open(
      agreed,
      "server",
      { level, memLevel: 8 },
      {
        room: () => limit - size(),
        onOctets: (octets, start, end) => {
          message.push(octets.slice(start, end))
          return size() > limit ? messageTooBig(limit) : undefined
        }
      }
    )
    const inflate: DeflateEngine["inflate"] = (payload, piece = payload.length) => {
      message = []
      for (let at = 0; at < payload.length; at += piece) {
        let violation = inflater.push(payload, at, Math.min(at + piece, payload.length))
        while (violation === undefined && inflater.isPaused) violation = inflater.resume()
        if (violation !== undefined) return violation
      }
      return inflater.end() ?? new Uint8Array(Buffer.concat(message))
    }
    test({ deflate: (octets, step = "end") => deflater.deflate(octets, step).slice(), inflate })
    close()
  })
  Effect.runSync(Effect.provide(run, NodeCompression.layer))
}
