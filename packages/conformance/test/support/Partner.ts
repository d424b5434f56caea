/** The other side of an interop test: another implementation of RFC 6455, behind the few words that the tests need. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type { Message } from "effect-websocket/WebSocket"
import type * as undici from "undici"
import { ping } from "undici"
import type * as Ws from "ws"

/** How a connection ended, as the partner tells it: 1006 is an end without a Close frame. */
export interface PartnerClose {
  readonly code: number
  readonly reason: string
}

export interface Partner {
  readonly subprotocol: string
  /** The extensions that were agreed on, as the partner tells them. */
  readonly extensions: string
  readonly send: (message: Message) => void
  /** Sends one text message in fragments; `undefined` where the partner cannot. */
  readonly sendFragments: ((parts: ReadonlyArray<string>) => void) | undefined
  readonly receive: Effect.Effect<Message>
  /** Waits for the Pong; `undefined` where the partner cannot tell. */
  readonly ping: Effect.Effect<void> | undefined
  readonly close: (code?: number, reason?: string) => void
  /** A partner that puts a code into each of its Close frames. */
  readonly alwaysHasCode?: boolean
  readonly closed: Effect.Effect<PartnerClose>
  /** Destroys the connection; `undefined` where the partner cannot. */
  readonly terminate: (() => void) | undefined
}

/** Where a partner's messages and its end wait for those who ask. */
export const rooms = Effect.map(
  Effect.all([Queue.unbounded<Message>(), Deferred.make<PartnerClose>()]),
  ([messages, closed]) => ({
    messages,
    receive: messages.take,
    closed: Deferred.await(closed),
    onClose: (code: number, reason: string) => Deferred.unsafeDone(closed, Effect.succeed({ code, reason }))
  })
)

/** A socket of `ws`, which is the same in both roles. */
export const ofWs = (socket: Ws.WebSocket): Effect.Effect<Partner> =>
  Effect.map(rooms, ({ closed, messages, onClose, receive }) => {
    socket.on("error", () => {})
    socket.on("message", (data, isBinary) => {
      const octets = data as Buffer
      messages.unsafeOffer(isBinary ? new Uint8Array(octets) : octets.toString("utf8"))
    })
    socket.on("close", (code, reason) => onClose(code, reason.toString("utf8")))
    return {
      subprotocol: socket.protocol,
      extensions: socket.extensions,
      send: (message) => socket.send(message),
      sendFragments: (parts) =>
        parts.forEach((part, index) => {
          socket.send(part, { fin: index === parts.length - 1 })
        }),
      receive,
      ping: Effect.async<void>((resume) => {
        socket.once("pong", () => resume(Effect.void))
        socket.ping("from ws")
      }),
      close: (code, reason) => socket.close(code, reason),
      closed,
      terminate: () => socket.terminate()
    }
  })

/** The client of undici, which is that of browsers. */
export const ofUndici = (socket: undici.WebSocket): Effect.Effect<Partner> =>
  Effect.map(rooms, ({ closed, messages, onClose, receive }) => {
    socket.binaryType = "arraybuffer"
    socket.addEventListener("message", ({ data }) => {
      messages.unsafeOffer(typeof data === "string" ? data : new Uint8Array(data as ArrayBuffer))
    })
    socket.addEventListener("close", ({ code, reason }) => onClose(code, reason))
    return {
      subprotocol: socket.protocol,
      extensions: socket.extensions,
      send: (message) => socket.send(message),
      sendFragments: undefined,
      receive,
      ping: Effect.sync(() => ping(socket, Buffer.from("from undici"))),
      close: (code, reason) => socket.close(code, reason),
      closed,
      terminate: undefined
    }
  })
