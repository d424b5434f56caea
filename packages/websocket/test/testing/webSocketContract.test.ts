import { describe, expect, it } from "@effect/vitest"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as FrameStream from "../../src/FrameStream.js"
import * as MemoryTransport from "../../src/MemoryTransport.js"
import { webSocketContract } from "../../src/testing/webSocketContract.js"
import type { Message, WebSocket } from "../../src/WebSocket.js"
import * as WebSocketModule from "../../src/WebSocket.js"

const whole = Layer.merge(WebSocketModule.layer, MemoryTransport.layer)

/** A wrong engine: this changed in what both sides hold. A `WebSocket` has methods, so it is wrapped, not copied. */
const broken = (change: (ws: WebSocket) => Partial<WebSocket>) => {
  const wrap = (ws: WebSocket): WebSocket => {
    const changed = change(ws)
    return new Proxy(ws, {
      get: (target, name) => {
        const value = name in changed ? changed[name as keyof WebSocket] : target[name as keyof WebSocket]
        return typeof value === "function" ? value.bind(target) : value
      }
    })
  }
  const engine = Layer.effect(
    FrameStream.FrameStream,
    Effect.map(FrameStream.FrameStream, (lower) => ({
      open: (duplex, negotiated, options) => Effect.map(lower.open(duplex, negotiated, options), wrap)
    }))
  )
  return Layer.merge(whole, Layer.provide(engine, FrameStream.layer))
}

/** Whether the case with this in its name finds the fault. A case that waits finds it by its timeout. */
const isFound = (caseName: string, change: (ws: WebSocket) => Partial<WebSocket>) =>
  Effect.gen(function* () {
    const cases = webSocketContract.filter(({ name }) => name.includes(caseName))
    expect(cases.length).toBe(1)
    const program = Effect.scoped(Effect.provide(Effect.timeout(cases[0].effect, "500 millis"), broken(change)))
    return Exit.isFailure(yield* Effect.exit(program))
  })

const alteredText = (message: Message): Message => (typeof message === "string" ? message.trim() : message)

/** Faults: the name of the case that finds it, and what is wrong. */
const faults: Record<string, readonly [caseName: string, change: (ws: WebSocket) => Partial<WebSocket>]> = {
  "a byte order mark is taken off": [
    "text and binary, empty and not",
    (ws) => ({
      send: (message, options) => ws.send(alteredText(message), options),
      sendAll: (all) => ws.sendAll([...all].map(alteredText))
    })
  ],
  "order is lost": ["order is kept under load", (ws) => ({ sendAll: (all) => ws.sendAll([...all].reverse()) })],
  "fragments are messages": [
    "a message in fragments is one message",
    (ws) => ({
      sendStream: (kind, body) =>
        Stream.runForEach(body, (part) => ws.send(part, { kind: typeof part === "string" ? "text" : kind }))
    })
  ],
  "an interrupted pull loses messages": [
    "interruption of pull loses nothing",
    (ws) => ({ pull: Effect.tap(ws.pull, () => Effect.sleep("20 millis")) })
  ],
  "what was sent is altered": [
    "octets which are sent are not altered",
    (ws) => ({
      send: (message, options) =>
        Effect.map(ws.send(message, options), () => void (typeof message === "string" || message.fill(0)))
    })
  ],
  "received octets are reused": [
    "messages which were received are the application's own",
    (ws) => {
      const buffer = new Uint8Array(2000)
      const lend = (message: Message): Message => {
        if (typeof message === "string") return message
        buffer.set(message)
        return buffer
      }
      return { receive: Effect.map(ws.receive, lend) }
    }
  ],
  "send never waits": [
    "above the high-water mark",
    (ws) => ({ send: (message) => Effect.asVoid(Effect.fork(Effect.ignore(ws.send(message)))) })
  ],
  "a Ping is not answered": ["a Ping is answered while", () => ({ ping: () => Effect.never })],
  "close does not close": ["close is idempotent", () => ({ close: () => Effect.never })],
  "the reason is lost": ["with 3000 and 10 characters", (ws) => ({ close: (code) => ws.close(code) })],
  "the failure changes": [
    "then every receive fails the same",
    (ws) => ({ pull: Effect.mapError(ws.pull, (error) => Object.create(error)) })
  ],
  "an abnormal end is a success": [
    "a client that goes away without a Close",
    (ws) => ({ pull: Effect.catchTag(ws.pull, "TransportError", () => Effect.succeed(["the end"] as const)) })
  ],
  "the Stream never ends": [
    "messages: a Stream that ends",
    (ws) => ({ messages: Stream.concat(ws.messages, Stream.fromChunk(Chunk.of<Message>("one more"))) })
  ]
}

describe("webSocketContract", () => {
  it("each case has a name of its own", () => {
    expect(new Set(webSocketContract.map(({ name }) => name)).size).toBe(webSocketContract.length)
  })

  for (const { effect, name } of webSocketContract) {
    it.scopedLive(`over memory: ${name}`, () => Effect.provide(effect, whole))
  }

  for (const [fault, [caseName, change]] of Object.entries(faults)) {
    it.live(`«${caseName}» finds the fault: ${fault}`, () =>
      Effect.map(isFound(caseName, change), (found) => expect(found).toBe(true))
    )
  }
})
