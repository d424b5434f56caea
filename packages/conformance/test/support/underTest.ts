/** Our server and our client as the corpus tests them: they echo, keep what was delivered, and say what ended them. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { CompressionOptions } from "effect-websocket/Compression"
import type { LimitOptions } from "effect-websocket/Limits"
import type { Message, WebSocket } from "effect-websocket/WebSocket"
import * as WebSocketServer from "effect-websocket/WebSocketServer"

/** The limits for which the corpus was written. */
export const limits: LimitOptions = { maxMessageSize: 1024 * 1024, maxFragments: 16_384, closeTimeout: "2 seconds" }

/** The largest windows: what was agreed without parameters. Every message is compressed. */
export const compression: CompressionOptions = { serverMaxWindowBits: 15, clientMaxWindowBits: 15, threshold: 0 }

/** What a connection is made with. */
export type Settings = Pick<WebSocketServer.ServeOptions, "limits" | "compression">

/** How a connection, or a handshake, went. */
export interface Outcome {
  readonly messages: ReadonlyArray<Message>
  /** The tags of the error and of its reason. */
  readonly error: string
  /** The reason of the Close frame that was received. */
  readonly reason: string | undefined
}

interface Tagged {
  readonly _tag: string
  readonly reason?: unknown
}

/** The tags of an error and of its reasons, from the outside in. */
export const tagsOf = (error: Tagged): string => {
  const { reason } = error
  if (typeof reason !== "object" || reason === null || !("_tag" in reason)) return error._tag
  const violation = (reason as { readonly violation?: { readonly kind: string } }).violation
  return `${error._tag}.${reason._tag}${violation === undefined ? "" : `.${violation.kind}`}`
}

/** Sends back what arrives, until the end. */
export const echo = (ws: WebSocket): Effect.Effect<Outcome> => {
  const messages: Array<Message> = []
  const step = Effect.flatMap(ws.pull, (batch) => {
    messages.push(...batch)
    return Effect.ignore(ws.sendAll(batch))
  })
  return Effect.flatMap(Effect.flip(Effect.forever(step)), (error) =>
    Effect.map(ws.closed, ({ received }) => ({
      messages,
      error: tagsOf(error),
      reason: Option.getOrUndefined(received)?.reason
    }))
  )
}

/** Our server in the background; what becomes of its first connection. */
export const serving = (settings: Settings) =>
  Effect.gen(function* () {
    const outcome = yield* Deferred.make<Outcome>()
    const handler = (ws: WebSocket) => Effect.flatMap(echo(ws), (how) => Deferred.succeed(outcome, how))
    const onHandshakeError = (error: Tagged) =>
      Effect.asVoid(Deferred.succeed(outcome, { messages: [], error: tagsOf(error), reason: undefined }))
    yield* Effect.forkScoped(WebSocketServer.run(handler, { ...settings, onHandshakeError }))
    return Deferred.await(outcome)
  })
