/**
 * The contract of back-pressure and of control frames (RFC 6455 §5.5).
 */
import { encode } from "@effect-websocket/protocol/bytes/Utf8"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import type { WebSocket } from "../../WebSocket.js"
import type { SendError } from "../../WebSocketError.js"
import {
  bothWays,
  check,
  checkMessage,
  checkMessages,
  contractCase,
  octets,
  turns,
  type WebSocketContractCase
} from "./harness.js"

const step = 64 * 1024
const most = 1024

/** Octets that no compression makes fewer (xorshift32): the same for the same seed. */
const noise = (seed: number): Uint8Array => {
  let state = seed + 1
  return Uint8Array.from({ length: step }, () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state & 0xff
  })
}

/** Whether it still waits when everything that can go on without us has gone on. */
const isWaiting = (sending: Fiber.RuntimeFiber<void, SendError>) =>
  Effect.gen(function* () {
    for (const patience of [10, 100]) {
      yield* turns(patience)
      if ((yield* Fiber.poll(sending))._tag === "Some") return false
    }
    return true
  })

/** Sends to a peer that does not read until a send waits; gives how many messages were sent, and the fiber of that one. */
const fill = (ws: WebSocket) =>
  Effect.gen(function* () {
    for (let count = 0; count < most; count++) {
      const sending = yield* Effect.fork(ws.send(noise(count)))
      if (yield* isWaiting(sending)) return { count, sending }
    }
    return yield* Effect.dieMessage("send never waits for a peer that does not read")
  })

const isPing = (ws: WebSocket) => Stream.filter(ws.controlFrames, ({ _tag }) => _tag === "Ping")

/** The cases of back-pressure and of Pings. */
export const flowing: ReadonlyArray<WebSocketContractCase> = [
  contractCase("a peer that does not read makes send wait; when it reads, everything arrives", function* () {
    for (const { from, to, way } of yield* bothWays()) {
      const { count, sending } = yield* fill(from)
      for (let index = 0; index <= count; index++) {
        yield* checkMessage(yield* to.receive, noise(index), `${way}, message ${index}`)
      }
      yield* Fiber.join(sending)
    }
  }),
  contractCase("above the high-water mark: whenFull fails with QueueFull, unsafeSend says no", function* () {
    for (const { from, to, way } of yield* bothWays()) {
      yield* fill(from)
      const error = yield* Effect.flip(from.send("one more", { whenFull: "fail" }))
      yield* check(error.reason._tag === "QueueFull", `${way}: QueueFull, not ${error.reason._tag}`)
      yield* check(!from.unsafeSend("one more"), `${way}: unsafeSend gives false`)
      yield* Effect.fork(Effect.forever(to.pull))
    }
  }),
  contractCase("a send that waits, and is interrupted, sends nothing; the next one does", function* () {
    for (const { from, to, way } of yield* bothWays()) {
      const { count, sending } = yield* fill(from)
      const waiting = yield* Effect.fork(from.send("never sent"))
      yield* turns(1)
      yield* Fiber.interrupt(waiting)
      const last = yield* Effect.fork(from.send("the last"))
      for (let index = 0; index <= count; index++) yield* to.receive
      yield* Fiber.join(sending)
      yield* checkMessages(to, ["the last"], way)
      yield* Fiber.join(last)
    }
  }),
  contractCase("a send that waits fails, typed, when the connection ends", function* () {
    for (const { from, to, way } of yield* bothWays({ client: { closeTimeout: 200 }, server: { closeTimeout: 200 } })) {
      const { sending } = yield* fill(from)
      const closing = yield* Effect.fork(from.close())
      const error = yield* Effect.flip(Fiber.join(sending))
      yield* check(error._tag === "SendError", `${way}: a SendError, not ${error._tag}`)
      yield* Effect.fork(Effect.forever(to.pull))
      yield* Fiber.join(closing)
    }
  }),
  contractCase("RFC 6455 §5.5.2: a Ping is answered while the application does something else", function* () {
    for (const { from, to, way } of yield* bothWays()) {
      yield* from.send("not asked for yet")
      const took = yield* from.ping()
      yield* check(Duration.greaterThanOrEqualTo(took, Duration.zero), `${way}: the time is known`)
      yield* from.ping(encode("with a payload"))
      yield* checkMessages(to, ["not asked for yet"], way)
    }
  }),
  contractCase("RFC 6455 §5.5.3: many Pings at a time, each gets its Pong", function* () {
    for (const { from } of yield* bothWays()) {
      yield* Effect.forEach(Array.from({ length: 10 }), () => from.ping(), { concurrency: "unbounded" })
    }
  }),
  contractCase("RFC 6455 §5.4: a Ping between the fragments of a message is answered", function* () {
    for (const { from, to, way } of yield* bothWays()) {
      const pinged = Effect.as(from.ping(), "end")
      yield* Effect.fork(from.sendStream("text", Stream.concat(Stream.make("begin, "), Stream.fromEffect(pinged))))
      yield* checkMessages(to, ["begin, end"], way)
    }
  }),
  contractCase("RFC 6455 §5.5: a control frame of more than 125 octets is not sent, and harms nothing", function* () {
    for (const { from, to, way } of yield* bothWays()) {
      for (const error of [yield* Effect.flip(from.ping(octets(126))), yield* Effect.flip(from.pong(octets(126)))]) {
        const isTooLong = error._tag === "SendError" && error.reason._tag === "PayloadTooLong"
        yield* check(isTooLong, `${way}: PayloadTooLong, not ${error.message}`)
      }
      yield* from.ping(octets(125))
      yield* from.send("still open")
      yield* checkMessages(to, ["still open"], way)
    }
  }),
  contractCase("RFC 6455 §5.5.3: a Pong that nobody asked for is seen, and answers no Ping", function* () {
    for (const { from, to, way } of yield* bothWays()) {
      const seen = yield* Effect.fork(Stream.runHead(to.controlFrames))
      yield* turns()
      yield* from.pong(encode("alive"))
      const frame = yield* Fiber.join(seen)
      yield* check(frame._tag === "Some" && frame.value._tag === "Pong", `${way}: controlFrames has the Pong`)
      yield* from.ping()
    }
  }),
  contractCase("controlFrames: a Ping with its payload", function* () {
    for (const { from, to, way } of yield* bothWays()) {
      const seen = yield* Effect.fork(Stream.runHead(isPing(to)))
      yield* turns()
      yield* from.ping(encode("who is there?"))
      const frame = yield* Fiber.join(seen)
      const payload = frame._tag === "Some" && frame.value._tag === "Ping" ? frame.value.payload : octets(0)
      yield* checkMessage(payload, encode("who is there?"), way)
    }
  })
]
