import * as net from "node:net"
import { describe, expect, it } from "@effect/vitest"
import * as NodeListener from "@effect-websocket/node/NodeListener"
import * as Effect from "effect/Effect"
import { Listener } from "effect-websocket/Listener"
import * as WebSocket from "effect-websocket/WebSocket"
import * as WebSocketServer from "effect-websocket/WebSocketServer"
import { leavesNothing } from "../support/leaks.js"

const turn: Effect.Effect<void> = Effect.async((resume) => void setImmediate(() => resume(Effect.void)))

/** Waits until a count has stayed the same for some turns of the event loop. */
const settled = (count: () => number) =>
  Effect.gen(function* () {
    for (let same = 0, last = count(); same < 200; ) {
      yield* turn
      same = count() === last && last > 0 ? same + 1 : 0
      last = count()
    }
    return count()
  })

/** A client that writes and does not read, until it is told to. */
const writing = (port: number, text: string) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const socket = net.connect(port, "127.0.0.1").pause()
      socket.write(text)
      return socket
    }),
    (socket) => Effect.sync(() => socket.destroy())
  )

const size = 1_000_000
const requests = 100

describe("RFC 9112 §9.3.2: a client over TCP that pipelines and does not read", () => {
  leavesNothing()

  it.scopedLive("gets as many answers as the sockets hold and no more; when it reads, all of them", () =>
    Effect.gen(function* () {
      let answers = 0
      const http = () =>
        Effect.sync(() => {
          answers++
          return { status: 200, body: new Uint8Array(size) }
        })
      yield* Effect.forkScoped(WebSocketServer.run((ws) => ws.closed, { http }))
      const { address } = yield* Listener
      const port = address._tag === "TcpAddress" ? address.port : 0
      const socket = yield* writing(port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(requests))
      // Linux keeps at most some 10 MiB for a connection within the host.
      expect(yield* settled(() => answers)).toBeLessThan(requests / 2)
      let received = 0
      socket.on("data", (octets) => {
        received += octets.length
      })
      socket.resume()
      while (received < requests * size) yield* turn
      expect(answers).toBe(requests)
    }).pipe(Effect.provide(WebSocket.layer), Effect.provide(NodeListener.layerTcp()))
  )
})
