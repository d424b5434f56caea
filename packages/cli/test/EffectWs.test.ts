import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "@effect/vitest"
import * as NodeCompression from "@effect-websocket/node/NodeCompression"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import * as Handshake from "effect-websocket/Handshake"
import * as Listener from "effect-websocket/Listener"
import type { Duplex } from "effect-websocket/Transport"
import type { OptionError } from "effect-websocket/WebSocketError"
import * as WebSocketServer from "effect-websocket/WebSocketServer"
import { version } from "../src/EffectWs.js"
import { commandLine, inputUntil, memory, until } from "./support/commandLine.js"

const ran = (...args: ReadonlyArray<string>) => {
  const line = commandLine(args)
  return Effect.map(line.code, (code) => ({ code, text: line.text(), notes: line.notes.join("\n") })).pipe(
    Effect.provide(memory)
  )
}

describe("effect-ws", () => {
  it("has the version of its package", () => {
    const manifest = readFileSync(fileURLToPath(new URL("../package.json", import.meta.url)), "utf8")
    expect(JSON.parse(manifest).version).toBe(version)
  })

  it.effect("--help names the commands, and what the exit codes mean", () =>
    Effect.map(ran("--help"), ({ code, text }) => {
      expect(code).toBe(0)
      for (const word of ["connect", "serve", "trace", "ping", "Exit codes"]) expect(text).toContain(word)
    })
  )

  it.effect("--completions writes those of the shell", () =>
    Effect.gen(function* () {
      expect((yield* ran("--completions", "bash")).text).toContain("complete -F")
      expect((yield* ran("--completions", "zsh")).text).toContain("#compdef effect-ws")
      expect((yield* ran("--completions", "fish")).text).toContain("complete -c effect-ws")
    })
  )

  it.effect.each([
    ["a command that there is not", ["dance"]],
    ["an option that there is not", ["connect", "--dance", "ws://any.host/"]],
    ["no URI", ["ping"]],
    ["a field that is none (RFC 9110 §5)", ["connect", "-H", "no colon", "ws://any.host/"]],
    ["a field that would begin another line", ["connect", "-H", "A: b\r\nC: d", "ws://any.host/"]],
    ["a close code that may not be sent (RFC 6455 §7.4)", ["connect", "--close-code", "1006", "ws://any.host/"]],
    ["no duration", ["connect", "--wait", "soon", "ws://any.host/"]],
    ["no Ping at all", ["ping", "--count", "0", "ws://any.host/"]],
    ["a file that there is not", ["connect", "--ca", "no-such-file.pem", "wss://any.host/"]]
  ] as const)("%s is wrong use: 2", ([, args]) =>
    Effect.map(ran(...args), ({ code, notes }) => {
      expect(code).toBe(2)
      expect(notes).not.toBe("")
    })
  )

  it.effect("a URI that is none (RFC 6455 §3) is wrong use, and is told", () =>
    Effect.map(ran("connect", "gopher://any.host/"), ({ code, notes }) => {
      expect(code).toBe(2)
      expect(notes).toContain("RFC 6455 §3")
    })
  )
})

type Server = Layer.Layer<never, OptionError, WebSocketServer.Requirements>

const echo: Server = WebSocketServer.serve((ws) => ws.run((message) => ws.send(message)), { subprotocols: ["chat.v1"] })

const over =
  (server: Server) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.provide(effect, Layer.provideMerge(server, memory))

/** Accepts, and does then what it is told to, without a WebSocket of ours; it stays until the client has gone. */
const afterHandshake = (use: (duplex: Duplex) => Effect.Effect<void>): Server =>
  Layer.scopedDiscard(
    Effect.flatMap(Effect.all([Listener.Listener, Handshake.Handshake]), ([{ accept }, { server }]) =>
      Effect.forkScoped(
        accept((duplex) =>
          Effect.ignore(
            server(duplex).pipe(
              Effect.flatMap(() => use(duplex)),
              Effect.zipRight(Effect.forever(duplex.pull))
            )
          )
        )
      )
    )
  )

/** Converses until there is as much output, and tells all of it. */
const talked = (args: ReadonlyArray<string>, input: string, lines: number, isTerminal = false) => {
  const seen = (): boolean => line.text().split("\n").length > lines
  const line = commandLine(["connect", "--wait", "0", ...args, "ws://any.host/"], {
    input: inputUntil(input, seen),
    isTerminal
  })
  return Effect.map(line.code, (code) => ({ code, text: line.text(), notes: line.notes }))
}

describe("effect-ws connect", () => {
  it.live("a line is a text message, and a message a line; it ends with the input, in order", () =>
    Effect.map(talked(["-s", "chat.v1"], "one\r\ntwo\n", 2), (ended) =>
      expect(ended).toEqual({
        code: 0,
        text: "one\ntwo\n",
        notes: ["connected, subprotocol chat.v1", "closed by us with 1000 (NormalClosure)"]
      })
    ).pipe(over(echo))
  )

  it.live("--binary: what is read at a time is a binary message, and written as it comes", () =>
    Effect.gen(function* () {
      const line = commandLine(["connect", "-b", "--wait", "0", "--close-code", "4001", "ws://any.host/"], {
        input: Stream.concat(
          Stream.make(Uint8Array.of(0, 255, 10, 27)),
          Stream.drain(Stream.fromEffect(until(() => line.octets.length > 0)))
        )
      })
      expect(yield* line.code).toBe(0)
      expect(line.octets).toEqual([Uint8Array.of(0, 255, 10, 27)])
      expect(line.notes.at(-1)).toBe("closed by us with 4001")
    }).pipe(over(echo))
  )

  const hostile = WebSocketServer.serve((ws) =>
    Effect.zipRight(ws.sendAll(["\u001b[2Jwiped", Uint8Array.of(27, 91)]), ws.closed)
  )

  it.live("what a terminal would obey is escaped on one, and binary messages are hexadecimal", () =>
    Effect.gen(function* () {
      expect((yield* talked([], "", 2, true)).text).toBe("\\u{1b}[2Jwiped\n1b 5b\n")
      expect((yield* talked([], "", 2, false)).text).toBe("\u001b[2Jwiped\n1b 5b\n")
      expect((yield* talked(["--binary"], "", 2, true)).text).toBe("\\u{1b}[2Jwiped\n1b 5b\n")
    }).pipe(over(hostile))
  )

  it.effect("when the input has ended it goes on receiving for --wait", () =>
    Effect.gen(function* () {
      const line = commandLine(["connect", "--wait", "10 seconds", "ws://any.host/"], { input: "" })
      const fiber = yield* Effect.fork(line.code)
      yield* Effect.fork(Effect.forever(TestClock.adjust("1 second")))
      expect(yield* Fiber.join(fiber)).toBe(0)
      expect(line.text()).toBe("late\n")
    }).pipe(
      over(WebSocketServer.serve((ws) => ws.send("late").pipe(Effect.delay("9 seconds"), Effect.zipRight(ws.closed))))
    )
  )

  it.live("fields of --header are part of the request; a refusal is 4, with what the server said, escaped", () =>
    Effect.gen(function* () {
      const ended = yield* talked(["-H", "X-Token: open sesame", "-H", "X-Token:again"], "", 0)
      expect(ended.code).toBe(4)
      expect(ended.notes.join("\n")).toContain("401 Unauthorized: open sesame, again\\u{07}")
    }).pipe(
      over(
        WebSocketServer.serve(
          {
            authorize: ({ head }) =>
              Effect.fail(Handshake.reject({ status: 401, body: `${head.fields.combined("X-Token")}\u0007` }))
          },
          () => Effect.void
        )
      )
    )
  )

  it.live.each([
    [1000, 0, "closed by the peer with 1000 (NormalClosure)"],
    [1001, 0, "closed by the peer with 1001 (GoingAway)"],
    [1011, 6, "effect-ws: the peer closed the connection with 1011 (InternalError): oh\\u{1b}"],
    [4000, 6, "effect-ws: the peer closed the connection with 4000: oh\\u{1b}"]
  ] as const)("a peer that closes with %i (RFC 6455 §7.4): %i", ([code, exit, note]) =>
    Effect.gen(function* () {
      const line = commandLine(["connect", "ws://any.host/"])
      expect(yield* line.code).toBe(exit)
      expect(line.notes.at(-1)?.replace(/: oh.*$/, exit === 0 ? "" : "$&")).toBe(note)
    }).pipe(over(WebSocketServer.serve((ws) => ws.close(code, "oh\u001b"))))
  )

  it.live("nobody there is 3, and so is an end without a Close frame; a peer that breaks the protocol is 5", () =>
    Effect.gen(function* () {
      const nobody = commandLine(["connect", "wss://any.host/"])
      expect(yield* Effect.provide(nobody.code, memory)).toBe(3)
      const peer = (octets: ReadonlyArray<number>) =>
        commandLine(["connect", "ws://any.host/"]).code.pipe(
          over(
            afterHandshake((duplex) => {
              duplex.unsafeWrite([Uint8Array.from(octets)])
              return duplex.end
            })
          )
        )
      expect(yield* peer([])).toBe(3)
      expect(yield* peer([0x8f, 0x00])).toBe(5)
    })
  )

  it.live("--compress: messages are compressed where the server can (RFC 7692), and it is told", () =>
    Effect.map(talked(["--compress", "--timeout", "infinity"], "one\n", 1), ({ notes, text }) =>
      expect([notes[0], text]).toEqual(["connected, permessage-deflate", "one\n"])
    ).pipe(
      over(
        Layer.provide(
          WebSocketServer.serve((ws) => ws.run((message) => ws.send(message)), { compression: true }),
          NodeCompression.layer
        )
      )
    )
  )

  it.effect("a server that does not answer within --timeout: 7", () =>
    Effect.gen(function* () {
      const line = commandLine(["connect", "--timeout", "5", "ws://any.host/"])
      const fiber = yield* Effect.fork(line.code)
      yield* TestClock.adjust("5 seconds")
      expect(yield* Fiber.join(fiber)).toBe(7)
      expect(line.notes.at(-1)).toContain("5s")
    }).pipe(Effect.provide(memory))
  )
})

describe("effect-ws ping", () => {
  it.effect("prints round trips, an --interval apart, and their statistics (RFC 6455 §5.5.2)", () =>
    Effect.gen(function* () {
      const line = commandLine(["ping", "-c", "3", "-i", "10 seconds", "ws://any.host/"])
      const fiber = yield* Effect.fork(line.code)
      yield* TestClock.adjust("10 seconds")
      yield* TestClock.adjust("10 seconds")
      expect(yield* Fiber.join(fiber)).toBe(0)
      expect(line.text()).toMatch(
        /^1: \d+\.\d{3} ms\n2: .* ms\n3: .* ms\n3 sent, 3 answered\nround trip min\/mean\/max\/deviation (\d+\.\d{3}\/?){4} ms\n$/
      )
    }).pipe(over(echo))
  )

  it.effect("a Ping that is not answered within --answer-within: 7", () =>
    Effect.gen(function* () {
      const line = commandLine(["ping", "-c", "1", "--answer-within", "3 seconds", "ws://any.host/"])
      const fiber = yield* Effect.fork(line.code)
      yield* Effect.fork(Effect.forever(TestClock.adjust("1 second")))
      expect(yield* Fiber.join(fiber)).toBe(7)
      expect(line.text()).toBe("1 sent, 0 answered\n")
      expect(line.notes.join()).toContain("1: no Pong within 3s")
    }).pipe(over(afterHandshake(() => Effect.void)))
  )
})
