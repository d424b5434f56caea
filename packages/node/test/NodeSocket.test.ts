import * as net from "node:net"
import * as stream from "node:stream"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import { TransportError } from "effect-websocket/WebSocketError"
import * as NodeDuplex from "../src/NodeDuplex.js"
import * as NodeError from "../src/NodeError.js"
import * as NodeSocket from "../src/NodeSocket.js"
import { nodeServer, readAll, turns } from "./support/sockets.js"

describe("acquire", () => {
  it.scopedLive("interruption destroys what was begun, whenever it comes", () =>
    Effect.gen(function* () {
      for (let delay = 1; delay < 6; delay++) {
        const native = new stream.PassThrough()
        const opening = NodeSocket.acquire((done) => {
          setImmediate(() => done(Effect.succeed(NodeDuplex.unsafeMake(native))))
          return native
        })
        const fiber = yield* Effect.fork(Effect.scoped(Effect.zipRight(opening, Effect.never)))
        yield* turns(delay)
        yield* Fiber.interrupt(fiber)
        expect(native.destroyed).toBe(true)
      }
    })
  )

  it.scopedLive("interruption at the very moment it is done loses nothing", () =>
    Effect.gen(function* () {
      const native = new stream.PassThrough()
      const opening = Effect.scoped(
        Effect.zipRight(
          NodeSocket.acquire((done) => {
            setImmediate(() => {
              done(Effect.succeed(NodeDuplex.unsafeMake(native)))
              fiber.unsafeInterruptAsFork(fiber.id())
            })
            return native
          }),
          Effect.never
        )
      )
      const fiber: Fiber.RuntimeFiber<never, TransportError> = yield* Effect.fork(opening)
      yield* Fiber.await(fiber)
      expect(native.destroyed).toBe(true)
    })
  )

  it.live("the end of the Scope destroys the stream", () =>
    Effect.gen(function* () {
      const native = new stream.PassThrough()
      const scope = yield* Scope.make()
      const opening = NodeSocket.acquire((done) => {
        done(Effect.succeed(NodeDuplex.unsafeMake(native)))
        return native
      })
      yield* Scope.extend(opening, scope)
      expect(native.destroyed).toBe(false)
      yield* Scope.close(scope, Exit.void)
      expect(native.destroyed).toBe(true)
    })
  )
})

describe("open", () => {
  const opening = (create: () => net.Socket) =>
    NodeSocket.open({
      create,
      ready: "connect",
      use: (socket) => Effect.succeed(NodeDuplex.unsafeMake(socket)),
      failure: (cause) => NodeError.open("there", cause)
    })

  it.scopedLive("what create throws is a failure", () =>
    Effect.gen(function* () {
      const cause = new RangeError("no such port")
      const error = yield* Effect.flip(
        opening(() => {
          throw cause
        })
      )
      expect(error).toEqual(new TransportError({ reason: { _tag: "Open", address: "there" }, cause }))
    })
  )

  it.scopedLive("a socket which closes without an error is a failure", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(opening(() => new net.Socket().destroy()))
      expect(error.reason._tag).toBe("Open")
    })
  )

  it.scopedLive("no event between 'connect' and the first pull is missed", () =>
    Effect.gen(function* () {
      const { port } = yield* nodeServer((socket) => void socket.end("hello"))
      const duplex = yield* opening(() => net.connect({ port, host: "127.0.0.1", allowHalfOpen: true }).pause())
      yield* turns(50)
      const { error, octets } = yield* readAll(duplex)
      expect(octets.toString()).toBe("hello")
      expect(error.reason._tag).toBe("EndOfStream")
    })
  )
})
