import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/TestClock"
import { Listener } from "../../src/Listener.js"
import { type Duplex, Transport } from "../../src/Transport.js"
import * as Script from "../../src/testing/Script.js"
import * as ScriptedPeer from "../../src/testing/ScriptedPeer.js"

const { end, expectEnd, expectOctets, reset, send, wait } = Script
const text = (octets: Uint8Array): string => Buffer.from(octets).toString("latin1")

const connect = Effect.flatMap(Transport, (transport) =>
  transport.connect({ host: "example.com", port: 80, secure: false })
)

const write = (duplex: Duplex, octets: string) => duplex.unsafeWrite([Buffer.from(octets, "latin1")])
const read = (duplex: Duplex) => Effect.map(duplex.pull, (chunks) => chunks.map(text).join(""))

/** Runs a client against a script, and gives the message with which the test would fail. */
const failureOf = (script: ScriptedPeer.Script, client: (duplex: Duplex) => Effect.Effect<unknown, unknown>) =>
  Effect.scoped(Effect.flatMap(connect, client)).pipe(
    Effect.provide(ScriptedPeer.layer(script)),
    Effect.exit,
    Effect.map((exit) => (Exit.isFailure(exit) ? String(exit.cause) : "no failure"))
  )

describe("ScriptedPeer.layer", () => {
  it.scoped("plays the server: expects, sends, ends", () =>
    Effect.gen(function* () {
      const duplex = yield* connect
      write(duplex, "GET / HTTP/1.1\r\n")
      write(duplex, "\r\n\u00ff\u0001")
      expect(yield* read(duplex)).toBe("HTTP/1.1 400 Bad Request\r\n\r\n")
      expect((yield* Effect.flip(duplex.pull)).reason._tag).toBe("EndOfStream")
      yield* duplex.end
      const peer = yield* ScriptedPeer.ScriptedPeer
      yield* peer.done
      expect(text(yield* peer.received)).toBe("GET / HTTP/1.1\r\n\r\n\u00ff\u0001")
    }).pipe(
      Effect.provide(
        ScriptedPeer.layer([
          Script.expect("\r\n\r\n"),
          expectOctets(Uint8Array.of(0xff)),
          Script.expect(1),
          send("HTTP/1.1 400 Bad Request\r\n\r\n"),
          end,
          expectEnd
        ])
      )
    )
  )

  it.scoped("waits by Effect's Clock", () =>
    Effect.gen(function* () {
      const reading = yield* Effect.fork(Effect.flatMap(connect, read))
      yield* TestClock.adjust("29 seconds")
      expect((yield* Fiber.poll(reading))._tag).toBe("None")
      yield* TestClock.adjust("1 seconds")
      expect(yield* Fiber.join(reading)).toBe("late")
    }).pipe(Effect.provide(ScriptedPeer.layer([wait("30 seconds"), send("late")])))
  )

  it.scoped("resets", () =>
    Effect.gen(function* () {
      const duplex = yield* connect
      expect(yield* read(duplex)).toBe("x")
      expect((yield* Effect.flip(duplex.pull)).reason._tag).toBe("Reset")
    }).pipe(Effect.provide(ScriptedPeer.layer([send("x"), reset])))
  )

  it.scoped("has another script for each connection, if wanted", () =>
    Effect.gen(function* () {
      expect(yield* Effect.flatMap(connect, read)).toBe("connection 0")
      expect(yield* Effect.flatMap(connect, read)).toBe("connection 1")
    }).pipe(Effect.provide(ScriptedPeer.layer((connection) => [send(`connection ${connection}`)])))
  )

  it.effect("what the client sent at last is still expected, though its Scope has ended", () =>
    Effect.gen(function* () {
      const message = yield* failureOf([Script.expect(1), send("ok"), expectOctets("bye")], (duplex) =>
        Effect.map(
          Effect.tap(
            Effect.tap(Effect.succeed(duplex), () => write(duplex, "?")),
            () => duplex.pull
          ),
          () => write(duplex, "bye")
        )
      )
      expect(message).toBe("no failure")
    })
  )
})

describe("A script that cannot go on fails the test, and says why", () => {
  it.effect("wrong octets", () =>
    Effect.gen(function* () {
      const message = yield* failureOf([expectOctets("abc")], (duplex) => Effect.sync(() => write(duplex, "axc")))
      expect(message).toContain('scripted peer, step 1: expected the 3 octets "abc": Error: octet 1 is 120 where 98')
    })
  )

  it.effect("too few octets", () =>
    Effect.gen(function* () {
      const message = yield* failureOf([send("hello"), Script.expect("\r\n\r\n")], (duplex) =>
        Effect.sync(() => write(duplex, "GET /\r\n"))
      )
      expect(message).toContain('step 2: expected octets until "\\r\\n\\r\\n", but the peer reset the connection')
      expect(message).toContain('after "GET /\\r\\n"')
    })
  )

  it.effect("octets where the end was expected", () =>
    Effect.gen(function* () {
      const message = yield* failureOf([expectEnd], (duplex) => Effect.sync(() => write(duplex, "more")))
      expect(message).toContain('step 1: expected the end, but received "more"')
    })
  )

  it.effect("a function that throws", () =>
    Effect.gen(function* () {
      const step = Script.expect(() => {
        throw new Error("not what I know")
      })
      expect(yield* failureOf([step], () => Effect.void)).toContain("not what I know")
    })
  )

  it.effect("a wait that outlasts the test", () =>
    Effect.gen(function* () {
      expect(yield* failureOf([wait("1 hour")], () => Effect.void)).toContain("a wait had not ended with the test")
    })
  )

  it.effect("the client sees a reset at once", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      yield* failureOf([expectOctets("abc"), wait("1 hour")], (duplex) => {
        write(duplex, "x")
        return Effect.map(Effect.flip(duplex.pull), ({ reason }) => seen.push(reason._tag))
      })
      expect(seen).toEqual(["Reset"])
    })
  )
})

describe("ScriptedPeer.layerListener", () => {
  const upper = (duplex: Duplex) =>
    read(duplex).pipe(
      Effect.map((octets) => write(duplex, octets.toUpperCase())),
      Effect.zipRight(duplex.teardown("server")),
      Effect.ignore
    )

  it.scoped("plays the client of a server", () =>
    Effect.gen(function* () {
      const listener = yield* Listener
      yield* Effect.forkScoped(listener.accept(upper))
      const peer = yield* ScriptedPeer.ScriptedPeer
      while ((yield* peer.received).length === 0) yield* Effect.yieldNow()
      yield* peer.done
      expect(text(yield* peer.received)).toBe("ABC")
    }).pipe(Effect.provide(ScriptedPeer.layerListener([send("abc"), expectOctets("ABC"), expectEnd, end])))
  )

  it.effect("many clients at the same time", () =>
    Effect.gen(function* () {
      const script = (connection: number) => [send(`a${connection}`), expectOctets(`A${connection}`), expectEnd, end]
      const serve = Effect.gen(function* () {
        const listener = yield* Listener
        let served = 0
        yield* Effect.forkScoped(listener.accept((duplex) => Effect.map(upper(duplex), () => void served++)))
        while (served < 5) yield* Effect.yieldNow()
      })
      yield* Effect.scoped(serve).pipe(Effect.provide(ScriptedPeer.layerListener(script, { connections: 5 })))
    })
  )
})
