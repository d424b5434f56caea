/**
 * The opening handshake (RFC 6455 §4) on a Duplex: a typed, interruptible effect for each role.
 *
 * The rules are the kernel's, as lists of checks; here they meet the codec, the policies of the application, and the
 * deadline. Both roles give what was negotiated, with both heads as they were sent and the octets behind them.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Handshake, WebSocketServer } from "effect-websocket"
 *
 * const server = WebSocketServer.serve(
 *   {
 *     authorize: (request) =>
 *       Handshake.pathOf(request) === "/chat"
 *         ? Effect.succeed(new URLSearchParams(Handshake.queryOf(request)).get("name") ?? "guest")
 *         : Effect.fail(Handshake.reject({ status: 404 }))
 *   },
 *   (ws, name) => ws.send(`welcome, ${name}`)
 * )
 * ```
 */
import type { Negotiated } from "@effect-websocket/protocol/handshake/Negotiated"
import type { WebSocketUri } from "@effect-websocket/protocol/handshake/WebSocketUri"
import * as Target from "@effect-websocket/protocol/http/Target"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { HttpCodec } from "./HttpCodec.js"
import { accept } from "./handshake/accept.js"
import type {
  Accepted,
  AcceptOptions,
  AlreadyRead,
  HandshakeFailure,
  RequestOptions
} from "./handshake/HandshakeOptions.js"
import { request } from "./handshake/request.js"
import type { Duplex } from "./Transport.js"

export { isUpgrade } from "@effect-websocket/protocol/handshake/ServerHandshake"
export { type BasicAuthOptions, basicAuth, type Credentials, sameSecret } from "./handshake/basicAuth.js"
export * from "./handshake/HandshakeOptions.js"
export { Rejected, type Rejection, reject } from "./handshake/Rejected.js"

/** A request, as `authorize` and `http` see it. */
interface HasTarget {
  readonly head: { readonly target: string }
}

/** The path that was asked for, percent-encoded as it was sent. Unlike `new URL` it takes every target that a peer may send. */
export const pathOf = ({ head }: HasTarget): string => Target.path(head.target)

/** The query, without its "?": for `new URLSearchParams`, which takes whatever there is. */
export const queryOf = ({ head }: HasTarget): string => Target.query(head.target)

/** Makes opening handshakes. */
export class Handshake extends Context.Tag("effect-websocket/Handshake")<
  Handshake,
  {
    /** Asks the server on `duplex` for a WebSocket. With `keepAlive` in the error, it may be asked again. */
    readonly client: <E = never, R = never>(
      duplex: Duplex,
      uri: WebSocketUri,
      options?: RequestOptions<E, R>
    ) => Effect.Effect<Negotiated, HandshakeFailure | E, R>
    /** Answers the client on `duplex`, also when it refuses. The connection is left open: to close it is up to the caller. */
    readonly server: <A = undefined, R = never>(
      duplex: Duplex,
      options?: AcceptOptions<A, R>,
      read?: AlreadyRead
    ) => Effect.Effect<Accepted<A>, HandshakeFailure, R>
  }
>() {}

/** The handshake of this library. */
export const layer: Layer.Layer<Handshake, never, HttpCodec> = Layer.effect(
  Handshake,
  Effect.map(HttpCodec, (codec) => ({
    client: (duplex, uri, options = {}) => request(codec, duplex, uri, options),
    server: (duplex, options = {}, read = {}) => accept(codec, duplex, options, read)
  }))
)
