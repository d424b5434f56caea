/**
 * From octets to messages: a Duplex on which a handshake was made becomes a WebSocket.
 *
 * A connection is a plain value that the Scope owns: at its end the closing handshake is made, within `limits.closeTimeout`,
 * and the transport is gone.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { FrameStream, Handshake, type Transport } from "effect-websocket"
 *
 * // A WebSocket on a connection that is there already.
 * const accept = (duplex: Transport.Duplex) =>
 *   Effect.gen(function* () {
 *     const { server } = yield* Handshake.Handshake
 *     const { negotiated } = yield* server(duplex)
 *     const { open } = yield* FrameStream.FrameStream
 *     return yield* open(duplex, negotiated)
 *   })
 * ```
 */
import { deflate, type Negotiated } from "@effect-websocket/protocol/handshake/Negotiated"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { type CompressionChoice, chosen, outgoing } from "./Compression.js"
import { Connection } from "./connection/Connection.js"
import type { ConnectionCompression, ConnectionParts } from "./connection/ConnectionParts.js"
import { OpenWebSocket } from "./connection/OpenWebSocket.js"
import { sharedDeflation } from "./connection/SharedDeflation.js"
import type { WebSocket } from "./connection/WebSocket.js"
import { Entropy } from "./Entropy.js"
import { here, type Surroundings } from "./host/Surroundings.js"
import { type LimitOptions, resolveIn } from "./Limits.js"
import { observed } from "./observing/observed.js"
import type { Watched } from "./observing/Watching.js"
import type { Duplex } from "./Transport.js"
import { OptionError } from "./WebSocketError.js"
import { on } from "./waiting/Deadlines.js"
import { atOnce, Direct } from "./waiting/Direct.js"
import { andThen, type OrEffect } from "./waiting/orEffect.js"

/** Settings of one connection. */
export interface FrameStreamOptions {
  /** Limits of this connection, where they differ from the ambient ones. */
  readonly limits?: LimitOptions | undefined
  /** How messages are compressed, where the handshake has agreed on permessage-deflate. Only level, memory and threshold count here. */
  readonly compression?: CompressionChoice | undefined
}

/** Opens WebSockets over octets. */
export class FrameStream extends Context.Tag("effect-websocket/FrameStream")<
  FrameStream,
  {
    /**
     * Takes over a Duplex after the handshake: nobody else may read or write it any more. The first octets are
     * `negotiated.leftover`. The Close frame sent at the end of the Scope has 1000 when it ended well, 1001 when it was
     * interrupted, 1011 when it failed.
     */
    readonly open: (
      duplex: Duplex,
      negotiated: Negotiated,
      options?: FrameStreamOptions
    ) => Effect.Effect<WebSocket, OptionError, Scope.Scope>
  }
>() {}

/** The compression that the handshake has agreed on; without the service an `OptionError`. */
const compressionOf = (
  negotiated: Negotiated,
  choice: CompressionChoice | undefined
): OrEffect<ConnectionCompression | undefined, OptionError> => {
  const agreed = deflate(negotiated)
  if (agreed === undefined) return undefined
  return andThen(atOnce(chosen(choice || true)), (settings) => ({
    agreed,
    threshold: settings!.threshold,
    open: (sink) => settings!.open(agreed, negotiated.role, settings!, sink),
    shared: sharedDeflation(settings!.open, outgoing(agreed, negotiated.role).windowBits, settings!)
  }))
}

type Parts = ConnectionParts & Pick<Watched, "onOpen">

/** What a connection takes from its environment. */
const partsOf = (
  surroundings: Surroundings<never>,
  duplex: Duplex,
  negotiated: Negotiated,
  options: FrameStreamOptions
): OrEffect<Parts, OptionError> => {
  const { clock, context } = surroundings
  const limits = resolveIn(context, negotiated.role, options.limits)
  if (limits instanceof OptionError) return Effect.fail(limits)
  return andThen(compressionOf(negotiated, options.compression), (compression) =>
    andThen(observed(context, { duplex, negotiated, compression }), (watched) => ({
      ...watched,
      limits: { ...limits },
      deadlines: on(clock),
      entropy: Context.get(context, Entropy),
      runtime: surroundings.runtime
    }))
  )
}

/** Opens the connection, which the Scope owns. */
const open = (parts: Parts, scope: Scope.Scope): Effect.Effect<WebSocket> =>
  Effect.uninterruptible(
    Effect.suspend(() => {
      const connection = new Connection(parts)
      // The application may look at the heads for as long as there is the connection, and hardly does.
      parts.negotiated.request.fields.pack()
      parts.negotiated.response.fields.pack()
      // Half the work of `acquireRelease`, which also restores FiberRefs: a connection reads none.
      const owned = Scope.addFinalizerExit(scope, (exit) => connection.release(exit))
      const told = parts.onOpen === undefined ? owned : Effect.zipRight(owned, parts.onOpen(connection.closed))
      return Effect.as(told, new OpenWebSocket(connection))
    })
  )

/** The engine of this library. */
export const layer: Layer.Layer<FrameStream> = Layer.succeed(FrameStream, {
  open: (duplex, negotiated, options = {}) =>
    new Direct<WebSocket, OptionError, Scope.Scope>(() => {
      const surroundings = here<Scope.Scope>()
      const scope = Context.get(surroundings.context, Scope.Scope)
      return andThen(partsOf(surroundings, duplex, negotiated, options), (parts) => open(parts, scope))
    })
})
