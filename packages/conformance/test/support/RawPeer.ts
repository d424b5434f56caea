/**
 * A peer of bare octets, the same over a socket of Node.js and over memory: writes what it is told, keeps what it gets.
 *
 * It ends its side as soon as the other side has ended, as a peer of good manners does.
 */
import * as net from "node:net"
import * as Effect from "effect/Effect"
import type { Duplex } from "effect-websocket/Transport"

interface Line {
  readonly write: (octets: Uint8Array) => void
  readonly end: () => void
  /** Breaks the connection off: a reset, where there is such a thing. */
  readonly reset: () => void
  /** Stops reading, and reads again. */
  readonly pause: () => void
  readonly resume: () => void
}

const turn: Effect.Effect<void> = Effect.async((resume) => void setImmediate(() => resume(Effect.void)))

export class RawPeer {
  /** The other side has ended, or reset. */
  isEnded = false
  private chunks: Array<Uint8Array> = []
  private wake = () => {}
  private line: Line | undefined

  attach(line: Line): this {
    this.line = line
    return this
  }

  readonly onOctets = (octets: Uint8Array): void => {
    this.chunks.push(octets.slice())
    this.wake()
  }

  readonly onEnd = (): void => {
    if (this.isEnded) return
    this.isEnded = true
    this.end()
    this.wake()
  }

  get received(): Buffer {
    const all = Buffer.concat(this.chunks)
    this.chunks = [all]
    return all
  }

  /** Writes the pieces; each has a turn of the event loop for itself, so that it arrives by itself. */
  write(pieces: ReadonlyArray<Uint8Array>): Effect.Effect<void> {
    const each = (piece: Uint8Array) =>
      Effect.zipRight(
        Effect.sync(() => {
          if (!this.isEnded && piece.length > 0) this.line?.write(piece.slice())
        }),
        pieces.length > 1 ? turn : Effect.void
      )
    return Effect.forEach(pieces, each, { discard: true })
  }

  end(): void {
    this.line?.end()
  }

  reset(): void {
    this.line?.reset()
  }

  /** Reads no more, so that the other side cannot write without end. */
  pause(): void {
    this.line?.pause()
  }

  resume(): void {
    this.line?.resume()
  }

  /** Waits until what was received is enough, or the other side has ended. */
  until(isEnough: (received: Buffer) => boolean): Effect.Effect<Buffer> {
    return Effect.async((resume) => {
      this.wake = () => {
        const { received } = this
        if (this.isEnded || isEnough(received)) resume(Effect.succeed(received))
      }
      this.wake()
    })
  }

  /** Everything until the end. */
  get all(): Effect.Effect<Buffer> {
    return this.until(() => false)
  }

  /** Takes octets which were received off; the next ones are those behind them. */
  drop(count: number): void {
    this.chunks = [this.received.subarray(count)]
  }

  /** The head of an HTTP message, with its empty line. */
  get head(): Effect.Effect<string> {
    const end = (received: Buffer) => received.indexOf("\r\n\r\n") + 4
    return Effect.map(
      this.until((received) => end(received) >= 4),
      (received) => received.toString("latin1", 0, end(received))
    )
  }
}

/** A peer on a socket of Node.js. */
export const onSocket = (socket: net.Socket): RawPeer => {
  const peer = new RawPeer().attach({
    write: (octets) => socket.write(octets),
    end: () => socket.end(),
    reset: () => socket.resetAndDestroy(),
    pause: () => socket.pause(),
    resume: () => socket.resume()
  })
  socket.on("data", peer.onOctets).on("end", peer.onEnd).on("error", peer.onEnd).on("close", peer.onEnd)
  return peer
}

/** A peer on an end of a connection of ours. */
export const onDuplex = (duplex: Duplex): RawPeer => {
  const peer = new RawPeer()
  const flow = duplex.unsafeReceive(peer.onOctets, peer.onEnd)
  return peer.attach({
    write: (octets) => duplex.unsafeWrite([octets]),
    end: () => Effect.runFork(duplex.end),
    reset: () => Effect.runFork(duplex.abort),
    pause: () => flow.pause(),
    resume: () => flow.resume()
  })
}

/** Connects a socket of Node.js; it is destroyed at the end of the Scope. */
export const connectSocket = (port: number) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.async<net.Socket>((resume) => {
        const socket = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true })
        socket.once("connect", () => resume(Effect.succeed(socket)))
      }),
      (socket) => Effect.sync(() => socket.destroy())
    ),
    onSocket
  )

/** A server of Node.js that hands each socket over; its port. */
export const listenSocket = (use: (peer: RawPeer) => Effect.Effect<void>) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.async<{ readonly server: net.Server; readonly sockets: Set<net.Socket> }>((resume) => {
        const sockets = new Set<net.Socket>()
        const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
          sockets.add(socket)
          Effect.runFork(use(onSocket(socket)))
        })
        server.listen(0, "127.0.0.1", () => resume(Effect.succeed({ server, sockets })))
      }),
      ({ server, sockets }) =>
        Effect.async<void>((resume) => {
          for (const socket of sockets) socket.destroy()
          server.close(() => resume(Effect.void))
        })
    ),
    ({ server }) => (server.address() as net.AddressInfo).port
  )
