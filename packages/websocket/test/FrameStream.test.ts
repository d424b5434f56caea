import { describe, expect } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import * as DuplexAdapter from "../src/DuplexAdapter.js"
import * as FrameStream from "../src/FrameStream.js"
import * as Limits from "../src/Limits.js"
import * as MemoryTransport from "../src/MemoryTransport.js"
import { test, turns } from "./support/leavesNothing.js"
import { engine, negotiated, octets, Peer, roles, until } from "./support/peer.js"

/** A connection of a Scope that ends with `program`, while its peer lives on. */
const session = <A, E>(
  role: "client" | "server",
  program: Effect.Effect<A, E>,
  limits: Limits.LimitOptions = { closeTimeout: "3 seconds" }
) =>
  Effect.gen(function* () {
    const frames = yield* engine
    const [client, server] = yield* MemoryTransport.pair()
    const [near, far] = role === "client" ? [client, server] : [server, client]
    const peer = new Peer(far, role === "client" ? "server" : "client")
    const opened = frames.open(near, negotiated(role), { limits })
    const fiber = yield* Effect.fork(Effect.exit(Effect.scoped(Effect.zipRight(opened, program))))
    return { fiber, peer }
  })

const ends: ReadonlyArray<readonly [string, Effect.Effect<void, string>, string]> = [
  ["success: 1000", Effect.void, "close 1000"],
  ["failure: 1011", Effect.fail("the application"), "close 1011"],
  ["defect: 1011", Effect.die("the application"), "close 1011"],
  ["interruption: 1001", Effect.interrupt, "close 1001"]
]

for (const role of roles) {
  describe(`FrameStream.open, RFC 6455 §7.1.2: the end of the Scope closes: a ${role}`, () => {
    for (const [name, program, expected] of ends) {
      test(name, function* () {
        const { fiber, peer } = yield* session(role, program)
        yield* peer.until(1)
        yield* turns()
        expect(yield* Fiber.poll(fiber), "it waits for the peer's Close").toEqual(Option.none())
        peer.close()
        yield* peer.duplex.end
        const exit = yield* Fiber.join(fiber)
        expect(Exit.isSuccess(exit)).toBe(name.startsWith("success"))
        if (Exit.isFailure(exit)) expect(Cause.isInterruptedOnly(exit.cause)).toBe(name.startsWith("interruption"))
        expect(peer.briefs).toEqual([expected])
        yield* peer.ended
        expect(peer.end).toBe("EndOfStream")
      })
    }

    test("a silent peer holds it for closeTimeout, and no longer", function* () {
      const { fiber, peer } = yield* session(role, Effect.void)
      yield* peer.until(1)
      yield* TestClock.adjust("2999 millis")
      yield* turns()
      expect(yield* Fiber.poll(fiber)).toEqual(Option.none())
      yield* TestClock.adjust("1 millis")
      yield* Fiber.join(fiber)
      yield* turns()
      expect(yield* Effect.flip(peer.duplex.drain)).toMatchObject({ reason: { _tag: "Reset" } })
    })

    test("a peer that answers and keeps the transport open holds it for closeTimeout once more", function* () {
      const { fiber, peer } = yield* session(role, Effect.void)
      yield* peer.until(1)
      yield* TestClock.adjust("2 seconds")
      peer.close()
      yield* turns()
      yield* TestClock.adjust("2999 millis")
      yield* turns()
      expect(yield* Fiber.poll(fiber)).toEqual(Option.none())
      yield* TestClock.adjust("1 millis")
      yield* Fiber.join(fiber)
    })

    test("PARITY L-08: who uses a connection beyond its Scope sees how it ended", function* () {
      const frames = yield* engine
      const [client, server] = yield* MemoryTransport.pair()
      const [near, far] = role === "client" ? [client, server] : [server, client]
      const peer = new Peer(far, role === "client" ? "server" : "client")
      const scope = yield* Scope.make()
      const ws = yield* Scope.extend(frames.open(near, negotiated(role)), scope)
      const pending: ReadonlyArray<Effect.Effect<unknown, unknown>> = [ws.pull, ws.receive, ws.receiveStream, ws.ping()]
      const waiting = yield* Effect.forEach(pending, (each) => Effect.fork(Effect.flip(each)))
      yield* peer.until(1)
      const closing = yield* Effect.fork(Scope.close(scope, Exit.void))
      yield* peer.until(2)
      peer.close()
      yield* peer.duplex.end
      yield* Fiber.join(closing)
      const errors = [...(yield* Effect.forEach(waiting, Fiber.join)), yield* Effect.flip(ws.receive)]
      expect(new Set(errors).size).toBe(1)
      expect(errors[0]).toMatchObject({ _tag: "Closed", closure: yield* ws.closed })
      expect((yield* Effect.flip(ws.send("late"))).reason).toEqual({ _tag: "Closed", failure: errors[0] })
      expect([yield* ws.isOpen, ws.unsafeSend("late")]).toEqual([false, false])
    })

    test("PARITY X-16: a teardown of one's own ends the transport, for its role and within closeTimeout", function* () {
      for (const isPrompt of [true, false]) {
        const log: Array<string> = []
        const frames = yield* engine
        const [client, server] = yield* MemoryTransport.pair()
        const [near, far] = role === "client" ? [client, server] : [server, client]
        const peer = new Peer(far, role === "client" ? "server" : "client")
        const own = yield* DuplexAdapter.fromPull({
          pull: near.pull,
          write: (chunk) => Effect.sync(() => near.unsafeWrite([chunk])),
          end: near.end,
          abort: Effect.sync(() => void log.push("abort")),
          teardown: (role) =>
            Effect.zipRight(
              Effect.sync(() => void log.push(role)),
              isPrompt ? Effect.void : Effect.never
            ),
          info: near.info
        })
        const opened = frames.open(own, negotiated(role), { limits: { closeTimeout: "3 seconds" } })
        const fiber = yield* Effect.fork(Effect.scoped(opened))
        yield* peer.until(1)
        peer.close()
        yield* turns()
        expect(log[0]).toBe(role)
        yield* TestClock.adjust(isPrompt ? 0 : "3 seconds")
        yield* Fiber.join(fiber)
        expect(log).toEqual([role, "abort"])
      }
    })

    test("a connection that has ended holds nothing", function* () {
      const { fiber, peer } = yield* session(role, Effect.sleep("1 second"))
      yield* turns()
      yield* peer.duplex.abort
      yield* turns()
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(fiber)
    })
  })
}

describe("FrameStream.open: limits", () => {
  test("what is out of range is an OptionError before anything is sent", function* () {
    const { fiber, peer } = yield* session("client", Effect.void, { highWaterMark: -1 })
    const exit = yield* Fiber.join(fiber)
    expect(exit).toMatchObject(Exit.fail({ _tag: "OptionError", option: "limits.highWaterMark" }))
    yield* turns()
    expect(peer.octets.length).toBe(0)
  })

  test("ambient ones hold where the connection has none of its own", function* () {
    const ambient = Limits.layer({ maxMessageSize: 10, highWaterMark: 5 })
    const { fiber, peer } = yield* session("client", Effect.never, { maxMessageSize: undefined }).pipe(
      Effect.provide(ambient)
    )
    peer.send(2, octets(11))
    yield* peer.until(1)
    expect(peer.briefs).toEqual(["close 1009 a message is limited to 10 octets here"])
    yield* peer.duplex.end
    yield* Fiber.interrupt(fiber)
  })
})

describe("FrameStream.layer", () => {
  test("all connections share one fiber that watches over deadlines; its end leaves none", function* () {
    const frames = yield* engine
    const limits = { idleTimeout: "10 seconds", keepAlive: false } as const
    const open = Effect.gen(function* () {
      const [near, far] = yield* MemoryTransport.pair()
      const ws = yield* frames.open(near, negotiated("server"), { limits })
      yield* Effect.addFinalizer(() => far.abort)
      return ws
    })
    const all = yield* Effect.replicateEffect(open, 50)
    yield* TestClock.adjust("10 seconds")
    const closures = yield* Effect.forEach(all, (ws) => ws.closed)
    expect(new Set(closures.map(({ cause }) => cause?._tag))).toEqual(new Set(["TimeoutError"]))
  })

  test("a connection may outlive its layer, and keeps its deadlines", function* () {
    const [near, far] = yield* MemoryTransport.pair()
    const opened = Effect.flatMap(FrameStream.FrameStream, (frames) => frames.open(near, negotiated("server")))
    const ws = yield* Effect.provide(opened, Layer.fresh(FrameStream.layer))
    yield* until(() => ws.unsafeSend("still open"))
    yield* TestClock.adjust("1 hour")
    yield* turns()
    expect(yield* Effect.flip(ws.receive)).toMatchObject({ _tag: "TimeoutError", phase: "Idle" })
    yield* Effect.addFinalizer(() => far.abort)
  })
})
