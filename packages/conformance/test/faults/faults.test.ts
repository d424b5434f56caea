/**
 * HARDENING: every operation of the transport fails once, on either side, and either side is interrupted at every step: of the
 * handshake, messages, compression, control frames and closing. Each run ends with the failure that was injected or with what the
 * other side sees of it, nothing lives on, and nothing is held.
 */
import { describe, expect, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as Listener from "effect-websocket/Listener"
import * as MemoryTransport from "effect-websocket/MemoryTransport"
import { everyFailureAt, type FailurePoint, layerAt, layerListenerAt } from "effect-websocket/testing/FailingTransport"
import * as WebSocket from "effect-websocket/WebSocket"
import { TransportError } from "effect-websocket/WebSocketError"
import * as WebSocketServer from "effect-websocket/WebSocketServer"
import { Counts, countedCompression } from "../support/countedCompression.js"
import { leavesNoFiber, turns } from "../support/fibers.js"
import { afterSteps } from "../support/interruption.js"
import { leavesNothing } from "../support/leaks.js"

/** No deadline ends what hangs: it hangs, and the test fails. */
const limits = {
  handshakeTimeout: "1 hours",
  closeTimeout: "1 hours",
  idleTimeout: "1 hours",
  fragmentSize: 300
} as const

/** What a client does with an echo, which closes when it is told to. */
interface Session {
  readonly name: string
  readonly options?: WebSocket.ConnectOptions
  readonly use: (ws: WebSocket.WebSocket) => Effect.Effect<unknown, { readonly _tag: string }>
}

const long = "to and fro, ".repeat(80)
const octets = new Uint8Array(700).fill(7)

const exchange = (ws: WebSocket.WebSocket) =>
  Effect.gen(function* () {
    yield* ws.send("short")
    yield* ws.sendAll([octets, long])
    yield* ws.sendStream("text", Stream.make("in ", "pieces"))
    for (const expected of ["short", octets, long]) expect(yield* ws.receive).toEqual(expected)
    const { body } = yield* ws.receiveStream
    expect(yield* Stream.mkString(Stream.decodeText(body))).toBe("in pieces")
    const { clean } = yield* ws.close(1000)
    return clean
  })

const sessions: ReadonlyArray<Session> = [
  { name: "a handshake and a close", use: (ws) => ws.close(1000, "done") },
  {
    name: "a handshake that is refused with 403",
    options: { fields: { Origin: "http://other.example" } },
    use: Effect.die
  },
  { name: "messages, in one piece and in fragments", use: exchange },
  { name: "compressed messages (RFC 7692)", options: { compression: { threshold: 0 } }, use: exchange },
  { name: "a Ping, its Pong, and the end of the Scope", use: (ws) => Effect.zipRight(ws.pong(), ws.ping()) },
  { name: "a close by the server", use: (ws) => Effect.zipRight(ws.send("close"), ws.closed) }
]

const echo = (ws: WebSocket.WebSocket) =>
  ws.run((message) => (message === "close" ? ws.close(4000, "asked for") : ws.send(message)))

const serving = WebSocketServer.run(echo, { limits, compression: { threshold: 0 } })

const client = ({ options, use }: Session) =>
  Effect.scoped(
    Effect.gen(function* () {
      const ws = yield* WebSocket.connect(yield* Listener.uri("/"), { limits, ...options })
      return yield* use(ws)
    })
  )

/** Small chunks and little room: reading and writing take many operations. */
const transport = MemoryTransport.layerWith({ maxChunk: 200, capacity: 100 })

/** Runs the tests of one session, and expects that every compressor was given back. */
const over = <A, E>(
  program: Effect.Effect<A, E, Layer.Layer.Success<typeof transport> | Layer.Layer.Success<typeof WebSocket.layer>>
): Effect.Effect<A, E> => {
  const counts = new Counts()
  return Effect.map(Effect.provide(program, [WebSocket.layer, countedCompression(counts), transport]), (result) => {
    expect([counts.closed, counts.lateDeflates]).toEqual([counts.opened, 0])
    return result
  })
}

type Ended = Exit.Exit<unknown, { readonly _tag: string }>

/** Done, interrupted, or one failure of the library: never a defect. */
const expectTyped = (exit: Ended) => {
  if (Exit.isSuccess(exit) || Cause.isInterruptedOnly(exit.cause)) return
  const told = Cause.pretty(exit.cause)
  expect([...Cause.defects(exit.cause)], told).toEqual([])
  for (const { _tag } of Cause.failures(exit.cause)) {
    expect(_tag, told).toMatch(/^(Closed|TransportError|HandshakeError|SendError)$/)
  }
}

const injected = new TransportError({ reason: { _tag: "Write" }, cause: "injected" })

/** The failure of the transport is told as it is, alone or as the reason why nothing can be sent. */
const expectInjected = (exit: Ended) => {
  expectTyped(exit)
  if (Exit.isSuccess(exit)) return
  for (const failure of Cause.failures(exit.cause)) {
    const reason = "reason" in failure ? (failure.reason as { readonly failure?: unknown }) : undefined
    if (failure._tag === "SendError") expect(reason?.failure).toBe(injected)
    else if (failure._tag !== "HandshakeError") expect(failure).toBe(injected)
  }
}

/** As it ends when nothing fails. */
const expectWhole = (session: Session, exit: Ended | undefined) => {
  if (session.options?.fields === undefined) return expect(exit?._tag).toBe("Success")
  return expect(exit).toMatchObject(Exit.fail({ _tag: "HandshakeError", reason: { _tag: "UpgradeDeclined" } }))
}

/** Whether the server was interrupted before the client was done. */
const interruptedServer = (session: Session, step: number) =>
  Effect.gen(function* () {
    const server = yield* Effect.forkScoped(afterSteps(serving, step))
    const asking = yield* Effect.forkScoped(client(session))
    // Who has not been accepted is not served.
    const gone = Effect.zipRight(Fiber.await(server), turns(50))
    yield* Effect.raceFirst(Fiber.await(asking), gone)
    expectTyped(yield* Fiber.interrupt(asking))
    return Option.isSome(yield* Fiber.poll(server))
  })

describe.each(sessions.map((session) => [session.name, session] as const))("%s", (_, session) => {
  leavesNothing()

  it.live("the n-th operation of the client fails, for every n: it fails with that", () =>
    over(
      Effect.gen(function* () {
        const program = (point: FailurePoint) =>
          leavesNoFiber(Effect.zipRight(Effect.forkScoped(serving), Effect.provide(client(session), layerAt(point))))
        const exits: ReadonlyArray<Ended> = yield* everyFailureAt(program, { error: injected })
        expect(exits.length).toBeGreaterThan(3)
        for (const exit of exits.slice(0, -1)) expectInjected(exit)
        expectWhole(session, exits.at(-1))
      })
    )
  )

  it.live("the n-th operation of the server fails, for every n: the client sees the end", () =>
    over(
      Effect.gen(function* () {
        const program = (point: FailurePoint) =>
          leavesNoFiber(
            Effect.zipRight(Effect.provide(Effect.forkScoped(serving), layerListenerAt(point)), client(session))
          )
        const exits: ReadonlyArray<Ended> = yield* everyFailureAt(program, { error: injected })
        expect(exits.length).toBeGreaterThan(3)
        for (const exit of exits) expectTyped(exit)
        expectWhole(session, exits.at(-1))
      })
    )
  )

  /** Every step was tried (55 s, nothing was left); here it is some of them. */
  const next = (step: number) => step + (session.use === exchange ? 29 : 7)

  it.live("the client is interrupted at its n-th step: the server goes on for others", () =>
    over(
      Effect.scoped(
        Effect.gen(function* () {
          yield* Effect.forkScoped(serving)
          for (let step = 1; ; step = next(step)) {
            const { exit, isOver } = yield* leavesNoFiber(afterSteps(client(session), step))
            expectTyped(exit)
            if (isOver) return expectWhole(session, exit)
          }
        })
      )
    )
  )

  it.live("the server is interrupted at its n-th step: the client sees the end", () =>
    over(
      Effect.gen(function* () {
        for (let step = 1; yield* leavesNoFiber(interruptedServer(session, step)); step = next(step)) {}
      })
    )
  )
})
