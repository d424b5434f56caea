/**
 * A WebSocket as a connection of octets again: layers stack on top of it, such as TLS, or another WebSocket.
 *
 * Octets travel in binary messages; where one ends and the next begins means nothing. A WebSocket has no half-close: `end` is a
 * Close frame, after which no octets come from the other side either. Text is not for a stream of octets, and ends it.
 *
 * @example
 * ```ts
 * import { NodeTransport } from "@effect-websocket/node"
 * import { Layer } from "effect"
 * import { WebSocket, WebSocketTransport } from "effect-websocket"
 *
 * // Connections within a WebSocket of another server.
 * const tunnel = WebSocketTransport.layerTransport("wss://gateway.example.com/tunnel").pipe(
 *   Layer.provide(Layer.merge(WebSocket.layer, NodeTransport.layer()))
 * )
 * ```
 */
import { CloseCode } from "@effect-websocket/protocol/control/CloseCode"
import { cut } from "@effect-websocket/protocol/message/Fragmenter"
import type { Message } from "@effect-websocket/protocol/message/Message"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"
import type * as Scope from "effect/Scope"
import type { WebSocket } from "./connection/WebSocket.js"
import * as DuplexAdapter from "./DuplexAdapter.js"
import { FrameStream } from "./FrameStream.js"
import { Handshake } from "./Handshake.js"
import { HttpCodec } from "./HttpCodec.js"
import { resolve } from "./Limits.js"
import { Listener } from "./Listener.js"
import { Admission } from "./server/Admission.js"
import { limitless, type RequestsOptions, serveRequests } from "./server/requests.js"
import { type Duplex, Transport } from "./Transport.js"
import { type ConnectError, type ConnectOptions, connect, parseUri } from "./WebSocket.js"
import { type Closed, type OptionError, type ReceiveError, TransportError } from "./WebSocketError.js"

/** Octets of a message: as long as a fragment is by default, so that each is one frame. */
const maxMessage = 64 * 1024

/** How to make a Duplex of a WebSocket. */
export interface DuplexOptions {
  /**
   * Closes what is beneath at once. The `abort` of the Duplex is a Close frame with 1001, for whose answer nobody waits, and then
   * this; by default nothing, and the WebSocket ends as after any Close.
   */
  readonly abort?: Effect.Effect<void> | undefined
}

/** RFC 6455 §7.4.1: all was said. A Close without a code (1005) says nothing else. */
const isEnd = ({ closure: { initiator, received, sent } }: Closed): boolean => {
  const code = Option.getOrUndefined(initiator === "local" ? sent : received)?.code
  return code === CloseCode.NormalClosure || code === CloseCode.NoStatusRcvd
}

/** The end of a WebSocket as one of octets. Only a Close frame is an `EndOfStream`: otherwise something may be missing. */
const endOf = (error: ReceiveError): TransportError => {
  if (error._tag === "Closed") {
    return new TransportError({ reason: { _tag: isEnd(error) ? "EndOfStream" : "Reset" }, cause: error })
  }
  if (error._tag !== "TransportError") return new TransportError({ reason: { _tag: "Read" }, cause: error })
  return error.reason._tag === "EndOfStream" ? new TransportError({ reason: { _tag: "Reset" }, cause: error }) : error
}

/** Sends a Close frame, behind all that was passed on, and does not wait for its answer. */
const closeNow = (ws: WebSocket, code: number, reason = ""): Effect.Effect<void> =>
  Effect.map(Effect.runtime<never>(), (runtime) => void Runtime.runFork(runtime)(Effect.ignore(ws.close(code, reason))))

const isText = (message: Message): message is string => typeof message === "string"

/** The octets of binary messages; a text is a failure, behind what came before it. */
const pullOf = (ws: WebSocket): Duplex["pull"] => {
  let failure: TransportError | undefined
  const refuse = Effect.suspend(() => {
    failure = new TransportError({ reason: { _tag: "Unsupported", feature: "text messages in a stream of octets" } })
    return closeNow(ws, CloseCode.UnsupportedData, "octets travel in binary messages")
  })
  const deliver = (messages: ReadonlyArray<Message>): Duplex["pull"] => {
    const octets: Array<Uint8Array> = []
    for (const message of messages) {
      if (isText(message)) break
      if (message.length > 0) octets.push(message)
    }
    const [first, ...rest] = octets
    const delivered: Duplex["pull"] = first === undefined ? pull : Effect.succeed([first, ...rest])
    return messages.some(isText) ? Effect.zipRight(refuse, delivered) : delivered
  }
  const pull: Duplex["pull"] = Effect.suspend(() =>
    failure === undefined ? Effect.flatMap(Effect.mapError(ws.pull, endOf), deliver) : Effect.fail(failure)
  )
  return pull
}

function* messagesOf(octets: Uint8Array): Generator<Uint8Array> {
  for (const { end, start } of cut(octets.length, maxMessage)) yield octets.subarray(start, end)
}

/**
 * A WebSocket as a Duplex, from now on read and written by it alone; the end of the Scope aborts it, unless it had ended.
 *
 * A Close with 1000, or without a code, is `EndOfStream`; one with another code is `Reset`, and so is an end without one. Whatever
 * ended the WebSocket is the `cause`. A text message is `Unsupported`, and the connection is closed with 1003.
 *
 * `end` sends a Close frame behind what is buffered, and the peer's is awaited for `limits.closeTimeout`: what the peer sends
 * meanwhile is discarded, and a peer that does not read for so long loses what is on its way. `unsafeBuffered` counts what waits
 * above `limits.highWaterMark` of the WebSocket.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { WebSocket, WebSocketTransport } from "effect-websocket"
 *
 * // The octets of a WebSocket as those of a connection.
 * const pulled = WebSocket.connect("wss://example.com/tunnel").pipe(
 *   Effect.flatMap((ws) => WebSocketTransport.toDuplex(ws)),
 *   Effect.flatMap((duplex) => duplex.pull),
 *   Effect.scoped
 * )
 * ```
 */
export const toDuplex = (
  ws: WebSocket,
  { abort = Effect.void }: DuplexOptions = {}
): Effect.Effect<Duplex, never, Scope.Scope> =>
  DuplexAdapter.fromPull({
    pull: pullOf(ws),
    // Never within `unsafeWrite`: a connection above calls that while it empties the buffer which all connections share.
    write: (chunk) =>
      Effect.mapError(
        ws.sendAll(messagesOf(chunk)),
        (cause) => new TransportError({ reason: { _tag: "Write" }, cause })
      ),
    end: Effect.ignore(ws.close()),
    abort: Effect.zipRight(closeNow(ws, CloseCode.GoingAway), abort),
    info: ws.info
  })

/** Why a WebSocket that is to be a connection could not be opened. The URI's path and query are none of the message's business. */
const openError =
  (address: string) =>
  (error: ConnectError): TransportError =>
    error._tag === "TransportError" ? error : new TransportError({ reason: { _tag: "Open", address }, cause: error })

const unsupported = Effect.fail(
  new TransportError({ reason: { _tag: "Unsupported", feature: "wss: over a WebSocket, without TLS in between" } })
)

/**
 * A Transport whose connections are WebSockets to this URI, over the Transport beneath, whatever the target's host and port are.
 * `wss:` targets are refused, whether or not the URI is one: TLS within the WebSocket is a layer of its own.
 */
export const layerTransport = (
  uri: string | { readonly href: string },
  options: ConnectOptions = {}
): Layer.Layer<Transport, OptionError, Transport | Handshake | FrameStream> =>
  Layer.effect(
    Transport,
    Effect.gen(function* () {
      const { authority } = yield* parseUri(uri)
      const lower = yield* Transport
      const handshake = yield* Handshake
      const frames = yield* FrameStream
      const open = Effect.gen(function* () {
        let abort: Effect.Effect<void> = Effect.void
        const remembering = Transport.of({
          connect: (target) => Effect.tap(lower.connect(target), (duplex) => Effect.sync(() => (abort = duplex.abort)))
        })
        const ws = yield* Effect.provideService(connect(uri, options), Transport, remembering)
        return yield* toDuplex(ws, { abort })
      }).pipe(
        Effect.provideService(Handshake, handshake),
        Effect.provideService(FrameStream, frames),
        Effect.mapError(openError(authority))
      )
      return { connect: ({ secure }) => (secure ? unsupported : open) }
    })
  )

/** What is accepted, and what other requests are answered with. */
export interface ListenerOptions extends RequestsOptions<unknown, never> {}

/**
 * A Listener whose connections are WebSockets over those of the Listener beneath. Handshakes are made while `accept` runs; those
 * that fail are answered, and a line in the debug log.
 */
export const layerListener = (
  options: ListenerOptions = {}
): Layer.Layer<Listener, OptionError, Listener | HttpCodec | Handshake | FrameStream> =>
  Layer.effect(
    Listener,
    Effect.gen(function* () {
      const limits = yield* resolve("server", options.limits)
      const requests = limitless(options)
      // The Listener beneath, or the program around it, says how many there may be.
      const admission = new Admission({})
      const lower = yield* Listener
      const codec = yield* HttpCodec
      const handshake = yield* Handshake
      const frames = yield* FrameStream
      const opened = (duplex: Duplex): Effect.Effect<Duplex | undefined, never, Scope.Scope> =>
        Effect.gen(function* () {
          const accepted = yield* serveRequests(duplex, requests, limits, admission)
          if (accepted === undefined) return undefined
          const ws = yield* Effect.orDie(frames.open(duplex, accepted.negotiated, options))
          return yield* toDuplex(ws, { abort: duplex.abort })
        }).pipe(Effect.provideService(HttpCodec, codec), Effect.provideService(Handshake, handshake))
      return {
        address: lower.address,
        secure: lower.secure,
        accept: (use) =>
          lower.accept((duplex) =>
            Effect.flatMap(opened(duplex), (inner) => (inner === undefined ? Effect.void : use(inner)))
          )
      }
    })
  )
