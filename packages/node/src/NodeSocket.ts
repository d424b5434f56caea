/**
 * From the attempt to open a connection to the Duplex which a Scope owns.
 *
 * The one place where a socket can be lost is between the event that says it is ready and the fiber that was waiting:
 * until the Scope has it, every failure and every interruption destroys it.
 */

import type * as net from "node:net"
import type * as stream from "node:stream"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Duplex } from "effect-websocket/Transport"
import type { TransportError } from "effect-websocket/WebSocketError"

/** The listener a socket has from its first moment: an 'error' without one would end the process. */
export const unheard = (): void => {}

/** The result of an attempt: the Duplex, made at the very event, so that no later event is missed. */
export type Done = (result: Effect.Effect<Duplex, TransportError>) => void

/**
 * Begins to open a stream, and waits for the Duplex. Whatever goes wrong before it is there, interruption included,
 * destroys the stream; afterwards it belongs to the Scope.
 */
export const acquire = (
  begin: (done: Done) => stream.Duplex | undefined
): Effect.Effect<Duplex, TransportError, Scope.Scope> =>
  Effect.suspend(() => {
    let begun: stream.Duplex | undefined
    const opened = Effect.async<Duplex, TransportError>((resume) => {
      begun = begin(resume)
    })
    return Effect.uninterruptibleMask((restore) =>
      restore(opened).pipe(
        Effect.onError(() => Effect.sync(() => begun?.destroy())),
        Effect.tap((duplex) => Effect.addFinalizer(() => duplex.abort))
      )
    )
  })

/** How to open a socket. */
export interface Opening {
  readonly create: () => net.Socket
  readonly ready: "connect" | "secureConnect"
  /** Makes the Duplex of the socket which is ready. */
  readonly use: (socket: net.Socket) => Effect.Effect<Duplex, TransportError>
  /** What an exception of `create` is, and every end before the socket is ready. */
  readonly failure: (cause: unknown, socket: net.Socket | undefined) => TransportError
}

/** Opens a socket. */
export const open = ({ create, failure, ready, use }: Opening) =>
  acquire((done) => {
    try {
      const socket = create().on("error", unheard)
      const onClose = () => done(Effect.fail(failure(socket.errored ?? undefined, socket)))
      socket.once("close", onClose)
      socket.once(ready, () => {
        socket.off("close", onClose)
        done(use(socket))
      })
      return socket
    } catch (cause) {
      done(Effect.fail(failure(cause, undefined)))
      return undefined
    }
  })
