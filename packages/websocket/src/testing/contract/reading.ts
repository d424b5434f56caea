/**
 * The contract of `pull` and `unsafeReceive`.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import {
  bothWays,
  type ContractCase,
  check,
  checkOctets,
  collect,
  concat,
  connected,
  contractCase,
  octets,
  read,
  readAll,
  send,
  turns
} from "./harness.js"

const sizes = [1, 2, 125, 126, 65_535, 65_536, 1024 * 1024]

/** The cases of reading. */
export const reading: ReadonlyArray<ContractCase> = [
  contractCase("octets arrive whole and in order, both ways, from 1 octet to 1 MiB", function* () {
    for (const { from, to, way } of yield* bothWays) {
      const received = collect(to)
      let before = 0
      for (const size of sizes) {
        const sent = octets(size, size)
        yield* Effect.fork(send(from, sent))
        yield* received.until(before + size)
        yield* checkOctets(received.all().subarray(before), sent, `${way}, ${size} octets`)
        before += size
      }
    }
  }),
  contractCase("both directions flow at the same time", function* () {
    const { client, server } = yield* connected
    const [forth, back] = [octets(300_000, 1), octets(300_000, 2)]
    const [atServer, atClient] = [collect(server), collect(client)]
    yield* Effect.zip(send(client, forth), send(server, back), { concurrent: true })
    yield* atServer.until(forth.length)
    yield* atClient.until(back.length)
    yield* checkOctets(atServer.all(), forth, "client to server")
    yield* checkOctets(atClient.all(), back, "server to client")
  }),
  contractCase("chunks of one write, and many writes, arrive in order; empty chunks are nothing", function* () {
    for (const { from, to, way } of yield* bothWays) {
      const sent = Array.from({ length: 300 }, (_, index) => octets(index % 8, index))
      from.unsafeWrite([])
      from.unsafeWrite(sent.slice(0, 100).map((chunk) => chunk.slice()))
      for (const chunk of sent.slice(100)) from.unsafeWrite([chunk.slice()])
      const expected = concat(sent)
      yield* checkOctets(yield* read(to, expected.length), expected, way)
    }
  }),
  contractCase("pull gives at least one chunk, and waits when nothing has arrived", function* () {
    for (const { from, to } of yield* bothWays) {
      const pulling = yield* Effect.fork(to.pull)
      yield* turns()
      yield* check((yield* Fiber.poll(pulling))._tag === "None", "pull waits until octets arrive")
      from.unsafeWrite([octets(3)])
      const chunks = yield* Fiber.join(pulling)
      yield* check(chunks.length > 0 && chunks[0].length > 0, "pull gives at least one chunk")
    }
  }),
  contractCase("an interrupted pull loses nothing", function* () {
    for (const { from, to, way } of yield* bothWays) {
      const sent = octets(5000)
      const parts: Array<Uint8Array> = []
      for (let offset = 0; offset < sent.length; offset += 100) {
        const pulling = yield* Effect.fork(to.pull)
        if (offset % 200 === 0) yield* turns(offset % 3)
        from.unsafeWrite([sent.slice(offset, offset + 100)])
        yield* turns(offset % 4)
        const exit = yield* Fiber.interrupt(pulling)
        if (Exit.isSuccess(exit)) parts.push(...exit.value.map((chunk) => chunk.slice()))
      }
      const early = concat(parts)
      const late = yield* read(to, sent.length - early.length)
      yield* checkOctets(concat([early, late]), sent, way)
    }
  }),
  contractCase("octets are lent: the reader may alter them, and the writer may reuse what was passed on", function* () {
    for (const { from, to, way } of yield* bothWays) {
      const buffer = octets(64)
      for (let round = 0; round < 5; round++) {
        buffer.fill(round)
        const reader = yield* Effect.fork(read(to, 64))
        yield* send(from, buffer)
        buffer.fill(0xff)
        const received = yield* Fiber.join(reader)
        yield* check(
          received.every((octet) => octet === round),
          `${way}: octets arrive as they were when written`
        )
        received.fill(0xee)
      }
    }
  }),
  contractCase("unsafeReceive gets what pull has left, in order", function* () {
    for (const { from, to, way } of yield* bothWays) {
      const sent = octets(10_000)
      from.unsafeWrite([sent.slice(0, 10)])
      from.unsafeWrite([sent.slice(10, 100)])
      const early = yield* read(to, 1)
      from.unsafeWrite([sent.slice(100, 200)])
      yield* Fiber.interrupt(yield* Effect.fork(Effect.zipRight(turns(2), Effect.never)))
      const received = collect(to)
      from.unsafeWrite([sent.slice(200)])
      yield* received.until(sent.length - early.length)
      yield* checkOctets(concat([early, received.all()]), sent, way)
    }
  }),
  contractCase("while paused at most one more chunk is delivered; resume delivers the rest", function* () {
    for (const { from, to, way } of yield* bothWays) {
      const sent = octets(20_000)
      const received = collect(to, (flow) => flow?.pause())
      received.pause()
      received.pause()
      yield* Effect.fork(Effect.forEach([0, 1, 2, 3], (n) => send(from, sent.slice(n * 5000, n * 5000 + 5000))))
      yield* turns()
      yield* check(received.chunks() <= 1, `${way}: at most one chunk while paused, not ${received.chunks()}`)
      const before = received.chunks()
      received.resume()
      received.resume()
      yield* received.until(received.length() + 1)
      yield* turns()
      yield* check(received.chunks() <= before + 2, `${way}: a pause within the delivery is obeyed`)
      while (received.length() < sent.length && received.errors.length === 0) {
        const { length } = received
        received.resume()
        yield* received.until(length() + 1)
      }
      yield* checkOctets(received.all(), sent, way)
    }
  }),
  contractCase("end: all octets, then EndOfStream, once and for ever (pull)", function* () {
    for (const { from, to, way } of yield* bothWays) {
      const sent = octets(5000)
      from.unsafeWrite([sent.slice()])
      yield* from.end
      const { all, error } = yield* readAll(to)
      yield* checkOctets(all, sent, way)
      yield* check(error.reason._tag === "EndOfStream", `${way}: EndOfStream, not ${error.reason._tag}`)
      const again = yield* Effect.flip(to.pull)
      yield* check(again.reason._tag === "EndOfStream", `${way}: the first failure is final`)
    }
  }),
  contractCase("end: all octets, then onEnd, once and last (unsafeReceive)", function* () {
    for (const { from, to, way } of yield* bothWays) {
      const sent = octets(70_000)
      const received = collect(to)
      from.unsafeWrite([sent.slice()])
      yield* from.end
      yield* received.until(Infinity)
      yield* turns()
      yield* to.abort
      yield* turns()
      yield* checkOctets(received.all(), sent, way)
      yield* check(received.errors.length === 1, `${way}: onEnd is called once, not ${received.errors.length} times`)
      yield* check(!received.isOutOfOrder(), `${way}: onEnd is called last`)
      yield* check(received.errors[0].reason._tag === "EndOfStream", `${way}: EndOfStream`)
    }
  }),
  contractCase("onEnd is never called before unsafeReceive has returned", function* () {
    for (const { from, to, way } of yield* bothWays) {
      yield* from.end
      yield* Effect.flip(to.pull)
      const received = collect(to)
      yield* received.until(Infinity)
      yield* check(!received.isOutOfOrder(), `${way}: unsafeReceive returns its controls first`)
      yield* check(received.errors[0].reason._tag === "EndOfStream", `${way}: the first failure is final`)
    }
  })
]
