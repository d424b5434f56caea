import { fileURLToPath } from "node:url"
import { describe, expect, it } from "@effect/vitest"
import * as NodeListener from "@effect-websocket/node/NodeListener"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import { hostTurn } from "effect-websocket/host/HostTurn"
import * as Listener from "effect-websocket/Listener"
import * as WebSocket from "effect-websocket/WebSocket"
import * as WebSocketServer from "effect-websocket/WebSocketServer"
import type { Browser, Page } from "playwright-core"
import { afterAll, beforeAll } from "vitest"
import { bundle, inputsOf } from "../support/bundle.js"
import { evaluate, launch, openTab } from "../support/chromium.js"
import { leavesNothing } from "../support/leaks.js"

const entry = fileURLToPath(new URL("../support/browserPrograms.ts", import.meta.url))

const html = `<!doctype html><title>effect-websocket</title><link rel="icon" href="data:,"><script src="/program.js"></script>`

interface Served {
  /** Runs a program in a page; what it gives. */
  readonly run: <A>(program: string, options?: object) => Effect.Effect<A>
  readonly tab: Page
  /** The next connection that the page has opened. */
  readonly accept: Effect.Effect<WebSocket.WebSocket>
}

describe("@effect-websocket/browser in Chromium", () => {
  leavesNothing()
  let browser: Browser
  let script = ""
  beforeAll(async () => {
    script = await bundle(entry)
    browser = await launch()
  }, 60_000)
  afterAll(() => browser?.close())

  /** Our server, which serves the page as well; and the page. */
  const served = <A = undefined>(
    native: string,
    options: WebSocketServer.ServeOptions<A> = {}
  ): Effect.Effect<Served, unknown, Scope.Scope> =>
    Effect.gen(function* () {
      const accepted = yield* Queue.unbounded<WebSocket.WebSocket>()
      const handler = (ws: WebSocket.WebSocket) => Effect.zipRight(Queue.offer(accepted, ws), ws.closed)
      const http: WebSocketServer.HttpHandler = ({ head }) =>
        Effect.succeed(
          head.target === "/program.js"
            ? { status: 200, fields: { "Content-Type": "text/javascript; charset=utf-8" }, body: script }
            : { status: 200, fields: { "Content-Type": "text/html; charset=utf-8" }, body: html }
        )
      const server = WebSocketServer.serve({ http, ...options }, handler)
      const context = yield* Layer.build(
        Layer.provideMerge(server, Layer.merge(WebSocket.layer, NodeListener.layerTcp()))
      )
      const uri = yield* Effect.provide(Listener.uri("/"), context)
      const tab = yield* openTab(browser, uri.replace("ws:", "http:"))
      const run = <B>(program: string, own: object = {}) =>
        evaluate<B>(tab, `run(${JSON.stringify(program)}, ${JSON.stringify(uri)}, "${native}", ${JSON.stringify(own)})`)
      return { run, tab, accept: Queue.take(accepted) }
    })

  it("the programs are one script without anything of Node.js", () => {
    expect(script.length).toBeGreaterThan(10_000)
    expect(script).not.toMatch(/require\(|node:/)
  })

  it("a page that uses it has nothing of our engine, nor of TCP", async () => {
    const inputs = await inputsOf(`
      import * as BrowserWebSocket from "@effect-websocket/browser/BrowserWebSocket"
      import * as WebSocketClient from "effect-websocket/WebSocketClient"
      console.log(BrowserWebSocket.layer, WebSocketClient.connect)
    `)
    expect(inputs.some((file) => file.endsWith("packages/browser/src/BrowserConnection.ts"))).toBe(true)
    const engine =
      /\/(Connection|FrameDecoder|FrameEncoder|Masking|ClientHandshake|HttpCodec|FrameStream|Transport)\.ts$/
    expect(inputs.filter((file) => engine.test(file))).toEqual([])
  })

  for (const native of ["WebSocket", "WebSocketStream"]) {
    describe(`over ${native}`, () => {
      it.scopedLive("RFC 6455 §5.6: text and binary, both ways, short and long", () =>
        Effect.gen(function* () {
          const { accept, run } = yield* served(native)
          const running = yield* Effect.fork(run("echo"))
          const ws = yield* accept
          const long = "x".repeat(1024 * 1024)
          for (const message of ["Hello", "", "é, €, \u{1f600}", Uint8Array.of(0, 127, 255), new Uint8Array(0), long]) {
            yield* ws.send(message)
            expect(yield* ws.receive).toEqual(message)
          }
          yield* ws.close(1000, "done")
          expect(yield* Fiber.join(running)).toMatchObject({
            received: ["Hello", "", "é, €, \u{1f600}", [0, 127, 255], [], 1024 * 1024],
            closure: { clean: true, initiator: "remote", received: { value: { code: 1000, reason: "done" } } }
          })
        })
      )

      it.scopedLive("RFC 6455 §1.9: the subprotocol that was agreed, and one that is required and missing", () =>
        Effect.gen(function* () {
          const chat = yield* served(native, { subprotocols: ["chat"] })
          expect(yield* chat.run("subprotocol")).toMatchObject({ subprotocol: "chat" })
          // Chromium itself refuses a server that chooses none, when some were offered (RFC 6455 §4.1).
          const none = yield* served(native)
          expect(yield* none.run("subprotocol")).toMatchObject({
            error: { tag: expect.stringMatching(/^(HandshakeError\.BadSubprotocol|TransportError\.Hidden)$/) }
          })
        })
      )

      it.scopedLive("RFC 6455 §7.1: it closes with a code and a reason; 1001 is not for pages", () =>
        Effect.gen(function* () {
          const { accept, run } = yield* served(native)
          const running = yield* Effect.fork(run("close"))
          const ws = yield* accept
          const { clean, received } = yield* ws.closed
          expect([clean, Option.getOrThrow(received)]).toEqual([true, { code: 4000, reason: "é" }])
          expect(yield* Fiber.join(running)).toMatchObject({
            refused: { tag: "SendError.BadCloseCode" },
            closure: { clean: true, initiator: "local", sent: { value: { code: 4000, reason: "é" } } }
          })
        })
      )

      for (const [code, reason] of [
        [1000, "done"],
        [1001, ""],
        [4001, "é"]
      ] as const) {
        it.scopedLive(`RFC 6455 §7.4: a server that closes with ${code}, after what it has sent`, () =>
          Effect.gen(function* () {
            const { accept, run } = yield* served(native)
            const running = yield* Effect.fork(run("ended"))
            const ws = yield* accept
            yield* ws.sendAll(["a", "b"])
            yield* ws.close(code, reason)
            expect(yield* Fiber.join(running)).toMatchObject({
              messages: ["a", "b"],
              closure: {
                clean: true,
                initiator: "remote",
                received: { value: { code, reason } },
                sent: { _tag: "None" }
              }
            })
          })
        )
      }

      it.scopedLive("RFC 6455 §7.1.5: a connection that is lost is Hidden, and no success", () =>
        Effect.gen(function* () {
          const { accept, run } = yield* served(native)
          const running = yield* Effect.fork(run("ended"))
          const ws = yield* accept
          yield* ws.ping()
          const socket = ws.info.native as { readonly resetAndDestroy: () => void }
          socket.resetAndDestroy()
          expect(yield* Fiber.join(running)).toMatchObject({
            error: { tag: "TransportError.Hidden", message: expect.stringContaining("a browser does not tell why") },
            closure: { clean: false, cause: "TransportError" }
          })
        })
      )

      it.scopedLive("a refusal is Hidden: the browser tells nothing of it, and the error says so", () =>
        Effect.gen(function* () {
          const { run } = yield* served(native, { origin: [] })
          const { error } = yield* run<{ error: { tag: string; message: string } }>("succeed")
          expect(error.tag).toBe("TransportError.Hidden")
          expect(error.message).toMatch(
            /^the handshake with 127\.0\.0\.1:\d+ failed; a browser does not tell whether it was the network, TLS, or a refusal$/
          )
        })
      )

      for (const [program, code, result] of [
        ["succeed", 1000, undefined],
        ["fail", 1005, { error: { tag: "Wrong", message: "on purpose" } }],
        ["interrupted", 1005, "interrupted"]
      ] as const) {
        it.scopedLive(`the end of the Scope: ${program} closes with ${code}`, () =>
          Effect.gen(function* () {
            const { accept, run } = yield* served(native)
            const running = yield* Effect.fork(run(program))
            const ws = yield* accept
            const { clean, received } = yield* ws.closed
            expect([clean, Option.getOrThrow(received).code]).toEqual([true, code])
            expect(yield* Fiber.join(running)).toEqual(result)
          })
        )
      }

      it.scopedLive("HARDENING A29: interruption while it connects ends the connection", () =>
        Effect.gen(function* () {
          const asked = yield* Deferred.make<void>()
          const abandoned = yield* Deferred.make<void>()
          const authorize = () =>
            Effect.onInterrupt(Effect.zipRight(Deferred.succeed(asked, undefined), Effect.never), () =>
              Deferred.succeed(abandoned, undefined)
            )
          const { run, tab } = yield* served(native, { authorize })
          const running = yield* Effect.fork(run("abandoned"))
          yield* Deferred.await(asked)
          yield* evaluate(tab, "go()")
          expect(yield* Fiber.join(running)).toBe(true)
        })
      )

      it.scopedLive("back-pressure on what is sent: it waits for a peer that does not read, and goes on", () =>
        Effect.gen(function* () {
          const { accept, run, tab } = yield* served(native)
          const running = yield* Effect.fork(run("flood"))
          const ws = yield* accept
          const reported = evaluate<number>(tab, "globalThis.reported ?? 0")
          // It has come to a stand when the browser was asked a hundred times, and it was always where it had been.
          const settled = (last: number, times: number): Effect.Effect<number> =>
            times === 100
              ? Effect.succeed(last)
              : Effect.flatMap(reported, (now) => settled(now, now === last && now > 0 ? times + 1 : 0))
          expect(yield* settled(0, 0)).toBeLessThan(512)
          yield* ws.run(() => {})
          expect(yield* Fiber.join(running)).toBe(true)
        })
      )

      it.scopedLive("AMBITION 7, 13: values over connections that are lost, by the same code as on Node.js", () =>
        Effect.gen(function* () {
          const { accept, run } = yield* served(native)
          const running = yield* Effect.fork(run("reconnecting"))
          const first = yield* accept
          expect([yield* first.receive, yield* first.receive]).toEqual(["hello 1", '{"add":1}'])
          yield* first.send('{"sum":1}')
          yield* first.close(1012)
          const second = yield* accept
          expect(yield* second.receive).toBe("hello 2")
          yield* second.send('{"sum":2}')
          expect(yield* second.receive).toBe('{"add":2}')
          yield* second.send('{"sum":4}')
          expect(yield* Fiber.join(running)).toEqual([1, 2, 4])
        })
      )
    })
  }

  const flood = (ws: WebSocket.WebSocket, count: number) =>
    Effect.forEach(
      Array.from({ length: count }, () => new Uint8Array(64 * 1024)),
      (message) => ws.send(message),
      { discard: true }
    )

  it.scopedLive("WebSocketStream, back-pressure on what arrives: the server waits until the page takes it", () =>
    Effect.gen(function* () {
      const { accept, run, tab } = yield* served("WebSocketStream")
      const running = yield* Effect.fork(run("slow"))
      const ws = yield* accept
      const flooding = yield* Effect.fork(Effect.zipRight(flood(ws, 1024), ws.close()))
      while (ws.unsafeSend(new Uint8Array(0))) yield* hostTurn
      expect(Option.isNone(yield* Fiber.poll(flooding))).toBe(true)
      yield* evaluate(tab, "go()")
      expect(yield* Fiber.join(running)).toBe(1024 * 64 * 1024)
      yield* Fiber.join(flooding)
    })
  )

  it.scopedLive("WebSocket: what may wait unread is bounded, and more ends the connection", () =>
    Effect.gen(function* () {
      const { accept, run, tab } = yield* served("WebSocket")
      const running = yield* Effect.fork(run("slow", { maxUnread: 1024 * 1024 }))
      const ws = yield* accept
      const flooding = yield* Effect.fork(Effect.exit(flood(ws, 1024)))
      const { received } = yield* Effect.zipRight(Effect.ignore(ws.run(() => {})), ws.closed)
      expect(Option.getOrThrow(received).code).toBe(1005)
      yield* Fiber.join(flooding)
      yield* evaluate(tab, "go()")
      expect(yield* Fiber.join(running)).toMatchObject({ error: { tag: "TransportError.Overrun" } })
    })
  )
})
