import * as Socket from "@effect/platform/Socket"
import * as NodeSocket from "@effect/platform-node/NodeSocket"
import * as NodeSocketServer from "@effect/platform-node/NodeSocketServer"
import { describe, expect, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Listener } from "effect-websocket/Listener"
import { Transport } from "effect-websocket/Transport"
import { webSocketContract } from "effect-websocket/testing/webSocketContract"
import * as WebSocket from "effect-websocket/WebSocket"
import * as PlatformSocket from "../src/PlatformSocket.js"
import * as PlatformSocketServer from "../src/PlatformSocketServer.js"
import * as SocketTransport from "../src/SocketTransport.js"
import { leavesNothing } from "./support/leavesNothing.js"
import { memory, turns, uri } from "./support/serving.js"

leavesNothing()

/** TCP as @effect/platform-node has it. */
const platform = Layer.merge(
  SocketTransport.layerTransport(({ host, port }) => NodeSocket.makeNet({ host, port })),
  Layer.provide(SocketTransport.layerListener(), NodeSocketServer.layer({ port: 0, host: "127.0.0.1" }))
)

/** A WebSocket as the transport of another one. */
const tunnel = Layer.merge(
  SocketTransport.layerTransport(() => PlatformSocket.connect(uri), { isWebSocket: true }),
  Layer.provide(SocketTransport.layerListener({ isWebSocket: true }), PlatformSocketServer.layerSocketServer())
).pipe(Layer.provide(memory))

/** What a transport that reads whether or not anybody asks cannot keep. */
const needsBackPressure = [
  "a peer that does not read makes send wait; when it reads, everything arrives",
  "above the high-water mark: whenFull fails with QueueFull, unsafeSend says no",
  "a send that waits, and is interrupted, sends nothing; the next one does",
  "a send that waits fails, typed, when the connection ends"
]

const contractOver = <E>(
  name: string,
  transport: Layer.Layer<Transport | Listener, E>,
  except: ReadonlyArray<string>
) =>
  describe(`the contract of a WebSocket over ${name}`, () => {
    for (const { effect, name } of webSocketContract.filter(({ name }) => !except.includes(name))) {
      it.live(name, () => Effect.provide(Effect.scoped(effect), Layer.merge(WebSocket.layer, transport)))
    }
  })

contractOver("TCP of @effect/platform-node, which has no back-pressure", platform, needsBackPressure)
contractOver("a WebSocket", tunnel, [])

it("the exceptions are cases of the contract", () => {
  expect(webSocketContract.map(({ name }) => name)).toEqual(expect.arrayContaining(needsBackPressure))
})

/** A Socket whose connection is in the hands of the test. */
const scripted = (script: (push: (octets: Uint8Array) => unknown) => Effect.Effect<void, Socket.SocketError>) => {
  const written: Array<string | Uint8Array | Socket.CloseEvent> = []
  let writers = 0
  const socket = Socket.Socket.of({
    [Socket.TypeId]: Socket.TypeId,
    run: (handler, options) => Effect.zipRight(options?.onOpen ?? Effect.void, script(handler)),
    runRaw: () => Effect.never,
    writer: Effect.acquireRelease(
      Effect.sync(() => {
        writers++
        return (chunk: string | Uint8Array | Socket.CloseEvent) => Effect.sync(() => void written.push(chunk))
      }),
      () => Effect.sync(() => void writers--)
    )
  })
  return { socket, written, open: () => writers }
}

const closed = (code: number) => new Socket.SocketCloseError({ reason: "Close", code })

describe("fromSocket", () => {
  it.scoped("what arrives waits until it is pulled, in order", () =>
    Effect.gen(function* () {
      const { socket } = scripted((push) =>
        Effect.zipRight(
          Effect.sync(() => {
            push(Uint8Array.of(1))
            push(Uint8Array.of(2))
          }),
          Effect.never
        )
      )
      const duplex = yield* SocketTransport.fromSocket(socket)
      expect(yield* duplex.pull).toEqual([Uint8Array.of(1), Uint8Array.of(2)])
    })
  )

  it.scoped("our end is that of the writer, or a Close frame of a WebSocket", () =>
    Effect.gen(function* () {
      const octets = scripted(() => Effect.never)
      const duplex = yield* SocketTransport.fromSocket(octets.socket)
      duplex.unsafeWrite([Uint8Array.of(1)])
      expect(octets.open()).toBe(1)
      yield* duplex.end
      yield* turns()
      expect([octets.written, octets.open()]).toEqual([[Uint8Array.of(1)], 0])
      const messages = scripted(() => Effect.never)
      yield* (yield* SocketTransport.fromSocket(messages.socket, { isWebSocket: true })).end
      yield* turns()
      expect(messages.written).toEqual([new Socket.CloseEvent(1000)])
    })
  )

  const ends: ReadonlyArray<readonly [name: string, end: Effect.Effect<void, Socket.SocketError>, reason: string]> = [
    ["an end", Effect.void, "EndOfStream"],
    ["a close with 1000", Effect.fail(closed(1000)), "EndOfStream"],
    ["a close with 1006", Effect.fail(closed(1006)), "Reset"],
    ["a reset", Effect.fail(new Socket.SocketGenericError({ reason: "Read", cause: { code: "ECONNRESET" } })), "Reset"],
    ["another error", Effect.fail(new Socket.SocketGenericError({ reason: "Read", cause: "x" })), "Read"],
    ["a defect", Effect.die("x"), "Read"]
  ]

  it.scoped.each(ends)("%s is %2$s", ([, end, reason]) =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const { socket } = scripted(() => Effect.zipRight(Deferred.await(gate), end))
      const duplex = yield* SocketTransport.fromSocket(socket)
      yield* Deferred.succeed(gate, undefined)
      expect((yield* Effect.flip(duplex.pull)).reason._tag).toBe(reason)
      // A Socket that has ended would wait for its next connection.
      duplex.unsafeWrite([Uint8Array.of(1)])
      expect((yield* Effect.flip(duplex.drain))._tag).toBe("TransportError")
    })
  )

  it.scoped("a Socket that does not open is Open", () =>
    Effect.gen(function* () {
      const { socket } = scripted(() => Effect.never)
      const refused = new Socket.SocketGenericError({ reason: "Open", cause: "refused" })
      const broken = Socket.Socket.of({ ...socket, run: () => Effect.fail(refused) })
      const error = yield* Effect.flip(SocketTransport.fromSocket(broken))
      expect(error).toMatchObject({ reason: { _tag: "Open" }, cause: refused })
    })
  )

  it.scoped("an abort interrupts the Socket", () =>
    Effect.gen(function* () {
      const interrupted = yield* Deferred.make<void>()
      const { socket } = scripted(() =>
        Effect.onInterrupt(Effect.never, () => Deferred.succeed(interrupted, undefined))
      )
      const duplex = yield* SocketTransport.fromSocket(socket)
      yield* duplex.abort
      yield* Deferred.await(interrupted)
      expect((yield* Effect.flip(duplex.pull))._tag).toBe("TransportError")
    })
  )
})

describe("layerTransport", () => {
  it.scoped("opens a Socket for each connection; a refused one is Open with its address", () =>
    Effect.gen(function* () {
      const refused = new Socket.SocketGenericError({ reason: "Open", cause: "refused" })
      const layer = SocketTransport.layerTransport(() => Effect.fail(refused))
      const { connect } = yield* Effect.provide(Transport, layer)
      const error = yield* Effect.flip(connect({ host: "::1", port: 7, secure: false }))
      expect(error).toMatchObject({ reason: { _tag: "Open", address: "[::1]:7" }, cause: refused })
    })
  )
})
