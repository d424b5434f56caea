import * as net from "node:net"
import { PassThrough } from "node:stream"
import * as tls from "node:tls"
import { describe, expect, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { readInto } from "../src/NodeReadBuffer.js"
import { socketPair } from "./support/sockets.js"

const unread = () => {}

describe("reading into the buffer of all sockets", () => {
  it.scopedLive("octets come by the callback, one buffer for all, and the end as an event", () =>
    Effect.gen(function* () {
      const { far, near } = yield* socketPair
      const buffers = new Set<Uint8Array>()
      const received: Array<string> = []
      const ended = yield* Deferred.make<void>()
      for (const [socket, answer] of [
        [near, undefined],
        [far, "bye"]
      ] as const) {
        const isRead = readInto(socket, function (length, buffer) {
          buffers.add(buffer)
          received.push(Buffer.from(buffer.subarray(0, length)).toString())
          if (answer !== undefined) this.end(answer)
        })
        expect(isRead).toBe(true)
        socket.on("data", () => received.push("data")).resume()
      }
      near.on("end", () => Deferred.unsafeDone(ended, Effect.void))
      near.write("hello")
      yield* Deferred.await(ended)
      expect(received).toEqual(["hello", "bye"])
      expect(buffers.size).toBe(1)
    })
  )

  it.scopedLive("a socket that is paused reads nothing, and goes on", () =>
    Effect.gen(function* () {
      const { far, near } = yield* socketPair
      const read = yield* Deferred.make<string>()
      readInto(far, (length, buffer) =>
        Deferred.unsafeDone(read, Effect.succeed(Buffer.from(buffer.subarray(0, length)).toString()))
      )
      far.resume()
      far.pause()
      near.write("hello")
      yield* Effect.sync(() => far.resume())
      expect(yield* Deferred.await(read)).toBe("hello")
    })
  )

  it("what is no socket of the system, or has TLS, is read as Node.js reads it", () => {
    const socket = new net.Socket()
    const secure = new tls.TLSSocket(new net.Socket())
    for (const stream of [new PassThrough(), socket, secure]) {
      expect(readInto(stream, unread)).toBe(false)
      stream.destroy()
    }
  })
})
