/**
 * A server's handshake with a client of bare octets, over memory: what was read before it, what comes then, and how the
 * reads are cut.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as FrameStream from "effect-websocket/FrameStream"
import * as Handshake from "effect-websocket/Handshake"
import { Listener } from "effect-websocket/Listener"
import * as MemoryTransport from "effect-websocket/MemoryTransport"
import type { Duplex } from "effect-websocket/Transport"
import * as CuttingTransport from "effect-websocket/testing/CuttingTransport"
import * as WebSocket from "effect-websocket/WebSocket"
import { turns } from "./fibers.js"
import { places } from "./places.js"

export const latin1 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "latin1"))

/** Where the request is when the handshake begins. A character for each octet. */
export interface Source {
  /** The head was read, and parsed, by the application. */
  readonly message?: Handshake.RequestHead
  /** Octets that were read. */
  readonly buffered?: string
  /** Octets that come. */
  readonly streamed?: string
  /** Octets of one read. Default: all that are there. */
  readonly readSize?: number
}

/** The connection could not be accepted, so that no handshake was begun. */
const lost = { _tag: "Lost" } as const

/** The connection after the handshake, and what the client was answered. */
export interface Opened {
  readonly accepted: Handshake.Accepted<undefined>
  readonly ws: WebSocket.WebSocket
}

/** Makes the handshake; the client ends its side behind its octets. */
export const accepting = ({ buffered = "", message, streamed = "" }: Source, options: Handshake.AcceptOptions = {}) =>
  Effect.gen(function* () {
    const { accept } = yield* Listener
    const handshake = yield* Handshake.Handshake
    const frames = yield* FrameStream.FrameStream
    const made = yield* Deferred.make<Opened, Handshake.HandshakeFailure>()
    const open = (duplex: Duplex) =>
      Effect.gen(function* () {
        const accepted = yield* handshake.server(duplex, options, { octets: latin1(buffered), request: message })
        return { accepted, ws: yield* frames.open(duplex, accepted.negotiated) }
      })
    const use = (duplex: Duplex) =>
      Effect.flatMap(Effect.exit(open(duplex)), (exit) =>
        Effect.zipRight(Deferred.done(made, exit), Exit.isSuccess(exit) ? exit.value.ws.closed : Effect.void)
      )
    yield* Effect.forkScoped(accept((duplex) => Effect.asVoid(Effect.scoped(use(duplex)))))
    const peer = yield* places.memory!.toServer
    yield* peer.write([latin1(streamed)])
    peer.end()
    const answer = yield* peer.until((received) => received.includes("\r\n\r\n"))
    const gone = peer.isEnded ? Effect.zipRight(turns(5), Effect.fail(lost)) : Effect.never
    const exit = yield* Effect.exit(Effect.raceFirst(Deferred.await(made), gone))
    return { exit, answer: answer.toString("latin1") }
  })

/** Everything beneath `accepting`. */
export const acceptingLayer = ({ readSize = Infinity }: Source) =>
  Layer.merge(
    WebSocket.layer,
    Layer.provideMerge(CuttingTransport.layerListener({ size: readSize }), MemoryTransport.layer)
  )
