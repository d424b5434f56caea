/** Duplexes over streams of Node.js, and what they deliver. */
import * as stream from "node:stream"
import * as Effect from "effect/Effect"
import type { Duplex } from "effect-websocket/Transport"
import type { TransportError } from "effect-websocket/WebSocketError"
import * as NodeDuplex from "../../src/NodeDuplex.js"
import { socketPair } from "./sockets.js"

/** Our Duplex over TCP, and the peer's socket. */
export const pair = Effect.gen(function* () {
  const { far, near } = yield* socketPair
  return { duplex: yield* NodeDuplex.fromDuplex(near), near, far }
})

/** A stream which is no socket: what is written stays where it is. */
export const silent = (options: stream.DuplexOptions = {}) =>
  new stream.Duplex({ read() {}, write: (_chunk, _encoding, done) => done(), ...options })

/** What `unsafeReceive` delivers. */
export const receive = (duplex: Pick<Duplex, "unsafeReceive">) => {
  const chunks: Array<Uint8Array> = []
  const errors: Array<TransportError> = []
  const flow = duplex.unsafeReceive(
    (octets) => void chunks.push(octets),
    (error) => void errors.push(error)
  )
  return { flow, chunks, errors, octets: () => Buffer.concat(chunks) }
}
