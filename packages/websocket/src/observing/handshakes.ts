/** Opening handshakes with those who watch them: asked once for each. */
import type { Role } from "@effect-websocket/protocol/bytes/Role"
import * as Effect from "effect/Effect"
import { WebSocketMetrics } from "../WebSocketMetrics.js"
import { WebSocketTracing } from "../WebSocketTracing.js"
import type { HandshakeTracing } from "./Watching.js"

const counted = <A, E, R>(role: Role, attempt: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.flatMap(WebSocketMetrics, (metering) => metering?.handshake(role, attempt) ?? attempt)

/** A client's attempt. */
export const connecting: HandshakeTracing["connecting"] = (uri, options, connect) =>
  counted(
    "client",
    Effect.flatMap(WebSocketTracing, (tracing) => tracing?.connecting(uri, options, connect) ?? connect(options))
  )

/** A server's answer to a request. */
export const answering: HandshakeTracing["answering"] = (head, info, answer) =>
  Effect.flatMap(WebSocketTracing, (tracing) => tracing?.answering(head, info, answer) ?? answer)

/** A server's handshake as a whole. */
export const accepting = <A, E, R>(accept: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => counted("server", accept)

/** A request that was no handshake at all, or did not come to one. */
export const refused = (error: unknown): Effect.Effect<void> =>
  Effect.map(WebSocketMetrics, (metering) => metering?.failed("server", error))
