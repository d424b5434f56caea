/** Opening handshakes with those who watch them: asked once for each. */
import type { RequestHead } from "@effect-websocket/protocol/http/RequestHead"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { Accepted } from "../handshake/HandshakeOptions.js"
import { inContext } from "../host/Surroundings.js"
import type { ConnectionInfo } from "../Transport.js"
import { WebSocketMetrics } from "../WebSocketMetrics.js"
import { WebSocketTracing } from "../WebSocketTracing.js"
import type { HandshakeTracing } from "./Watching.js"

/** A client's attempt. */
export const connecting: HandshakeTracing["connecting"] = (uri, options, connect) =>
  inContext(({ context }) => {
    const tracing = Context.get(context, WebSocketTracing)
    const attempt = tracing?.connecting(uri, options, connect) ?? connect(options)
    return Context.get(context, WebSocketMetrics)?.handshake("client", attempt) ?? attempt
  })

/** A server's answer to a request. */
export const answering = <A, E, R>(
  context: Context.Context<never>,
  head: RequestHead,
  info: ConnectionInfo,
  answer: Effect.Effect<Accepted<A>, E, R>
): Effect.Effect<Accepted<A>, E, R> => Context.get(context, WebSocketTracing)?.answering(head, info, answer) ?? answer

/** A server's handshake as a whole. */
export const accepting = <A, E, R>(
  context: Context.Context<never>,
  accept: Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> => Context.get(context, WebSocketMetrics)?.handshake("server", accept) ?? accept

/** A request that was no handshake at all, or did not come to one. */
export const refused = (error: unknown): Effect.Effect<void> =>
  Effect.map(WebSocketMetrics, (metering) => metering?.failed("server", error))
