/**
 * The file of a Unix socket which a server left behind when it was killed.
 *
 * It is removed only when it is a socket and nobody answers there: never a file of another kind, never under a server
 * that lives.
 */

import * as fs from "node:fs/promises"
import * as net from "node:net"
import * as Effect from "effect/Effect"

/** Whether connecting is refused, which is what the system says of a socket without a listener. */
const isRefused = (path: string): Effect.Effect<boolean> =>
  Effect.async((resume) => {
    const socket = net.connect({ path })
    socket.on("connect", () => socket.destroy())
    socket.on("error", (error: NodeJS.ErrnoException) => resume(Effect.succeed(error.code === "ECONNREFUSED")))
    socket.on("close", () => resume(Effect.succeed(false)))
    return Effect.sync(() => socket.destroy())
  })

/** Removes the file if it is stale; says whether it did. */
export const remove = (path: string): Effect.Effect<boolean> =>
  Effect.tryPromise(() => fs.lstat(path)).pipe(
    Effect.flatMap((stat) => (stat.isSocket() ? isRefused(path) : Effect.succeed(false))),
    Effect.tap((stale) => (stale ? Effect.tryPromise(() => fs.unlink(path)) : Effect.void)),
    Effect.orElseSucceed(() => false)
  )
