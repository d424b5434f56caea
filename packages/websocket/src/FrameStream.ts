/**
 * From octets to messages: a Duplex on which a handshake was made becomes a WebSocket.
 *
 * The layer holds what all connections share, which is the watch over their deadlines. A connection is a plain value that
 * the Scope owns: at its end the closing handshake is made, within `limits.closeTimeout`, and the transport is gone.
 */
import type { Negotiated } from "@effect-websocket/protocol/handshake/Negotiated"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { Connection } from "./connection/Connection.js"
import * as Deadlines from "./connection/Deadlines.js"
import type { WebSocket } from "./connection/WebSocket.js"
import { Entropy } from "./Entropy.js"
import { type LimitOptions, resolve } from "./Limits.js"
import type { Duplex } from "./Transport.js"
import type { OptionError } from "./WebSocketError.js"

/** Settings of one connection. */
export interface FrameStreamOptions {
  /** Limits of this connection, where they differ from the ambient ones. */
  readonly limits?: LimitOptions | undefined
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

/** The engine of this library. */
export const layer: Layer.Layer<FrameStream> = Layer.scoped(
  FrameStream,
  Effect.map(Deadlines.make, (deadlines) => ({
    open: (duplex, negotiated, options) =>
      Effect.gen(function* () {
        const limits = yield* resolve(negotiated.role, options?.limits)
        const entropy = yield* Entropy
        const runtime = yield* Effect.runtime<never>()
        return yield* Effect.acquireRelease(
          Effect.sync(() => new Connection({ duplex, negotiated, limits, deadlines, entropy, runtime })),
          (connection, exit) => connection.release(exit)
        )
      })
  }))
)
