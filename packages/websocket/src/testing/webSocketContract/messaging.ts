/**
 * The contract of sending and receiving messages (RFC 6455 §5, §6): both roles, every shape.
 */
import { encode } from "@effect-websocket/protocol/bytes/Utf8"
import * as Chunk from "effect/Chunk"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import type { Message, MessageStream } from "../../WebSocket.js"
import { concat } from "../contract/harness.js"
import {
  bothWays,
  check,
  checkMessage,
  checkMessages,
  checkOctets,
  closedBy,
  connect,
  connected,
  contractCase,
  echo,
  octets,
  receiveAll,
  serving,
  turns,
  type WebSocketContractCase
} from "./harness.js"

const mebi = 1024 * 1024

const numbered = (prefix: string, count: number): ReadonlyArray<string> =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`)

const collected = ({ body }: MessageStream) =>
  Effect.map(Stream.runCollect(body), (pieces) => concat(Chunk.toReadonlyArray(pieces)))

/** The cases of messages. */
export const messaging: ReadonlyArray<WebSocketContractCase> = [
  contractCase("RFC 6455 §5.6: text and binary, empty and not, come back as they were", function* () {
    const messages: ReadonlyArray<Message> = [
      "Hello",
      "",
      octets(1),
      octets(0),
      "é, €, \u{1f600}, \u0000",
      "\ufeffa byte order mark, kept",
      octets(125),
      octets(126),
      octets(65_535),
      octets(65_536),
      "x".repeat(65_536)
    ]
    yield* serving(echo)
    const ws = yield* connect()
    yield* Effect.fork(ws.sendAll(messages))
    yield* checkMessages(ws, messages, "the echo")
  }),
  contractCase("large messages arrive whole, both ways", function* () {
    for (const { from, to, way } of yield* bothWays()) {
      for (const message of [octets(5 * mebi), "0123456789é".repeat(300_000)]) {
        yield* Effect.fork(from.send(message))
        yield* checkMessage(yield* to.receive, message, `${way}, a ${typeof message}`)
      }
    }
  }),
  contractCase("RFC 6455 §5.4: a message in fragments is one message; code points may be cut", function* () {
    for (const { from, to, way } of yield* bothWays()) {
      const text = encode("é€\u{1f600}")
      yield* from.sendStream("text", Stream.fromIterable(Array.from(text, (octet) => Uint8Array.of(octet))))
      yield* from.sendStream("binary", Stream.make(octets(3), octets(0), octets(70_000), octets(1)))
      yield* from.sendStream("text", Stream.empty)
      const whole = concat([octets(3), octets(70_000), octets(1)])
      yield* checkMessages(to, ["é€\u{1f600}", whole, ""], way)
    }
  }),
  contractCase("order is kept under load: 10 000 messages each way at a time", function* () {
    const { client, server } = yield* connected()
    const [forth, back] = [numbered("forth ", 10_000), numbered("back ", 10_000)]
    yield* Effect.all(
      [
        client.sendAll(forth),
        server.sendAll(back),
        checkMessages(server, forth, "client to server"),
        checkMessages(client, back, "server to client")
      ],
      { concurrency: "unbounded" }
    )
  }),
  contractCase("messages of fibers that send at the same time are never mixed", function* () {
    const { client, server } = yield* connected()
    const senders = Array.from({ length: 8 }, (_, sender) => octets(200_000, sender))
    yield* Effect.fork(Effect.forEach(senders, (message) => client.send(message), { concurrency: "unbounded" }))
    for (const _ of senders) {
      const received = yield* server.receive
      const sender = typeof received === "string" ? -1 : received[0]!
      yield* checkMessage(received, senders[sender] ?? "none", "one of the messages")
    }
  }),
  contractCase("run: each message in order, one at a time, until a clean end", function* () {
    const { client, server } = yield* connected()
    const seen: Array<Message> = []
    let atATime = 0
    const running = yield* Effect.fork(
      server.run((message) =>
        Effect.gen(function* () {
          yield* check(++atATime === 1, "the handler runs for one message at a time")
          yield* turns(2)
          seen.push(message)
          atATime--
        })
      )
    )
    yield* client.sendAll(numbered("", 20))
    yield* client.close()
    yield* Fiber.join(running)
    yield* check(seen.join() === numbered("", 20).join(), `all in order, not ${seen.join()}`)
  }),
  contractCase("messages: a Stream that ends after a clean end", function* () {
    const { client, server } = yield* connected()
    yield* client.sendAll(numbered("", 100))
    yield* Effect.fork(client.close())
    const received = yield* Stream.runCollect(server.messages)
    yield* check(Chunk.join(received as Chunk.Chunk<string>, ",") === numbered("", 100).join(","), "all, in order")
  }),
  contractCase("receiveStream: a message as it arrives, then the next one", function* () {
    for (const { from, to, way } of yield* bothWays()) {
      const [large, rest] = [octets(mebi), yield* Deferred.make<void>()]
      const tail = Stream.fromEffect(Effect.as(Deferred.await(rest), octets(10, 3)))
      yield* Effect.fork(from.sendStream("binary", Stream.concat(Stream.make(large), tail)))
      const message = yield* to.receiveStream
      yield* check(message.kind === "binary", `${way}: the kind is known`)
      const first = yield* Stream.runHead(message.body)
      yield* check(first._tag === "Some", `${way}: pieces come before the message has ended`)
      yield* Deferred.succeed(rest, undefined)
      yield* from.send("the next one")
      yield* checkMessages(to, ["the next one"], way)
    }
  }),
  contractCase("receiveStream: the pieces are the whole message, whatever its size", function* () {
    const settings = { maxMessageSize: 1000 }
    for (const { from, to, way } of yield* bothWays({ client: settings, server: settings })) {
      const sent = octets(3 * mebi)
      const receiving = yield* Effect.fork(Effect.flatMap(to.receiveStream, collected))
      yield* turns()
      yield* Effect.fork(from.send(sent))
      yield* checkOctets(yield* Fiber.join(receiving), sent, way)
    }
  }),
  contractCase("interruption of pull loses nothing", function* () {
    for (const { from, to, way } of yield* bothWays()) {
      for (const message of numbered("", 20)) {
        const pulling = yield* Effect.fork(to.pull)
        yield* turns(1)
        yield* from.send(message)
        const interrupted = yield* Fiber.interrupt(pulling)
        const batch = interrupted._tag === "Success" ? interrupted.value : yield* to.pull
        yield* check(batch.join() === message, `${way}: ${message} arrives once, not ${batch.join()}`)
      }
    }
  }),
  contractCase("octets which are sent are not altered, and may be reused at once", function* () {
    for (const { from, to, way } of yield* bothWays()) {
      const own = octets(1000)
      yield* from.send(own)
      yield* checkOctets(own, octets(1000), `${way}: masking alters a copy`)
      own.fill(0)
      yield* checkMessages(to, [octets(1000)], way)
    }
  }),
  contractCase("messages which were received are the application's own", function* () {
    for (const { from, to, way } of yield* bothWays()) {
      const kept: Array<Message> = []
      for (let index = 0; index < 50; index++) {
        yield* from.send(octets(2000, index))
        kept.push(yield* to.receive)
      }
      for (const [index, message] of kept.entries()) yield* checkMessage(message, octets(2000, index), way)
    }
  }),
  contractCase("octets sent as text are checked; a refused message harms nothing", function* () {
    for (const { from, to, way } of yield* bothWays()) {
      const error = yield* Effect.flip(from.send(Uint8Array.of(0x61, 0xff), { kind: "text" }))
      yield* check(error.reason._tag === "BadText", `${way}: BadText, not ${error.reason._tag}`)
      yield* from.send(encode("é"), { kind: "text" })
      yield* checkMessages(to, ["é"], way)
    }
  }),
  contractCase(
    "RFC 6455 §10.4: a message over the limit ends the connection with 1009, typed on both sides",
    function* () {
      const settings = { maxMessageSize: 1000 }
      for (const { from, to, way } of yield* bothWays({ client: settings, server: settings })) {
        yield* from.send(octets(1000))
        yield* from.send(octets(1001))
        const { error, messages } = yield* receiveAll(to)
        yield* check(messages.length === 1, `${way}: one of exactly the limit is delivered`)
        yield* check(error._tag === "ProtocolError" && error.reason.closeCode === 1009, `${way}: not ${error.message}`)
        const { closure } = yield* closedBy((yield* receiveAll(from)).error)
        const code = closure.received._tag === "Some" ? closure.received.value.code : undefined
        yield* check(code === 1009 && closure.initiator === "remote", `${way}: the sender learns 1009, not ${code}`)
      }
    }
  ),
  contractCase("an interrupted sendStream ends the connection with 1011: its message is never whole", function* () {
    for (const { from, to, way } of yield* bothWays()) {
      const sending = yield* Effect.fork(from.sendStream("text", Stream.concat(Stream.make("begun"), Stream.never)))
      yield* turns()
      yield* Fiber.interrupt(sending)
      const { error, messages } = yield* receiveAll(to)
      yield* check(messages.length === 0, `${way}: nothing is delivered`)
      const { closure } = yield* closedBy(error)
      yield* check(closure.received._tag === "Some" && closure.received.value.code === 1011, `${way}: with 1011`)
    }
  })
]
