import * as fs from "node:fs"
import * as net from "node:net"
import * as os from "node:os"
import * as path from "node:path"
import * as Effect from "effect/Effect"

/** A directory which is removed at the end of the Scope. */
export const directory = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "effect-websocket-"))),
  (directory) => Effect.sync(() => fs.rmSync(directory, { recursive: true, force: true }))
)

/** A path for a Unix socket. */
export const socketPath = Effect.map(directory, (directory) => path.join(directory, "socket"))

/** The path of a socket whose server has died: it was moved away from where its server removes it. */
export const leaveStale = Effect.flatMap(directory, (directory) =>
  Effect.async<string>((resume) => {
    const stale = path.join(directory, "stale")
    const server = net.createServer().listen(path.join(directory, "live"), () => {
      fs.renameSync(path.join(directory, "live"), stale)
      server.close(() => resume(Effect.succeed(stale)))
    })
  })
)
