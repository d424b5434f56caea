import * as net from "node:net"
import * as Effect from "effect/Effect"
import type { Duplex } from "effect-websocket/Transport"
import type { TransportError } from "effect-websocket/WebSocketError"

/** Lets Node.js do what it can do without us. */
export const turns = (count = 20): Effect.Effect<void> =>
  Effect.repeatN(
    Effect.async<void>((resume) => void setImmediate(() => resume(Effect.void))),
    count
  )

/** Waits as many turns as it takes; a test which waits in vain times out. */
export const until = (condition: () => boolean): Effect.Effect<void> =>
  Effect.suspend(() => (condition() ? Effect.void : Effect.zipRight(turns(1), until(condition))))

/** Waits for an event. */
export const event = <A = unknown>(emitter: NodeJS.EventEmitter, name: string): Effect.Effect<A> =>
  Effect.async<A>((resume) => void emitter.once(name, (value) => resume(Effect.succeed(value))))

/** A server of Node.js on a free port of this host; its connections are destroyed at the end. */
export const nodeServer = (onConnection: (socket: net.Socket) => void = () => {}) =>
  Effect.acquireRelease(
    Effect.async<{ readonly server: net.Server; readonly sockets: Array<net.Socket>; readonly port: number }>(
      (resume) => {
        const sockets: Array<net.Socket> = []
        const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
          sockets.push(socket.on("error", () => {}))
          onConnection(socket)
        })
        server.listen(0, "127.0.0.1", () => {
          resume(Effect.succeed({ server, sockets, port: (server.address() as net.AddressInfo).port }))
        })
      }
    ),
    ({ server, sockets }) =>
      Effect.sync(() => {
        for (const socket of sockets) socket.destroy()
        server.close()
      })
  )

/** Both ends of a connection, as sockets of Node.js. */
export const socketPair = Effect.gen(function* () {
  const { port, sockets } = yield* nodeServer()
  const near = yield* Effect.acquireRelease(
    Effect.sync(() => net.connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true }).pause()),
    (socket) => Effect.sync(() => socket.on("error", () => {}).destroy())
  )
  yield* event(near, "connect")
  yield* until(() => sockets.length === 1)
  return { near, far: sockets[0]! }
})

/** Everything until the end, and the end. */
export const readAll = (duplex: Duplex): Effect.Effect<{ readonly octets: Buffer; readonly error: TransportError }> => {
  const chunks: Array<Uint8Array> = []
  return Effect.map(
    Effect.flip(Effect.forever(Effect.map(duplex.pull, (arrived) => chunks.push(...arrived)))),
    (error) => ({ octets: Buffer.concat(chunks), error })
  )
}

/** At least so many octets. */
export const read = (duplex: Duplex, length: number): Effect.Effect<Buffer, TransportError> =>
  Effect.gen(function* () {
    const chunks: Array<Uint8Array> = []
    for (let count = 0; count < length; ) {
      const arrived = yield* duplex.pull
      chunks.push(...arrived)
      count += arrived.reduce((sum, chunk) => sum + chunk.length, 0)
    }
    return Buffer.concat(chunks)
  })

/** Octets in which a wrong order shows. */
export const pattern = (length: number): Buffer =>
  Buffer.from(Uint8Array.from({ length }, (_, index) => (index * 7 + (index >> 8)) & 0xff))

const handles = (): Array<string> => process.getActiveResourcesInfo().filter((name) => name.endsWith("Wrap"))

const none = (before: ReadonlyArray<string>): boolean => {
  const more = handles()
  for (const name of before) more.splice(more.indexOf(name) >>> 0, 1)
  return more.length === 0
}

/** Runs the program; afterwards Node.js has no handle or request that it had not before. */
export const leavesNothing = <A, E, R>(program: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.suspend(() => {
    const before = handles()
    return Effect.zipLeft(
      program,
      until(() => none(before))
    )
  })
