import { describe, expect } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as fc from "fast-check"
import * as Broadcast from "../src/Broadcast.js"
import { hostTurn } from "../src/host/HostTurn.js"
import type { Duplex } from "../src/Transport.js"
import * as WebSocket from "../src/WebSocket.js"
import { test, turns } from "./support/leavesNothing.js"
import { octets, open, opener, type Peer, until } from "./support/peer.js"

/** The texts that have arrived, fragments joined. */
const texts = (peer: Peer): ReadonlyArray<string> =>
  peer.frames.filter(({ opcode }) => opcode < 3).map(({ payload }) => Buffer.from(payload).toString())

/** Notes what is written to the transport. */
const noting =
  (writes: Array<ReadonlyArray<Uint8Array>>) =>
  (lower: Duplex): Duplex => ({
    ...lower,
    unsafeWrite: (chunks) => {
      writes.push(chunks)
      lower.unsafeWrite(chunks)
    }
  })

const limits = { highWaterMark: 1000 }
const memory = { capacity: 0 }

describe("K2, K5, PARITY MW-18: Broadcast", () => {
  test("what is published under a key goes to its receivers, for as long as their Scopes last", function* () {
    const topics = yield* Broadcast.make()
    const make = yield* opener
    const [one, two] = [yield* make("server"), yield* make("server")]
    const scope = yield* Scope.make()
    yield* Scope.extend(topics.subscribe("tea", one.ws), scope)
    yield* topics.subscribe("tea", two.ws)
    yield* topics.subscribe("milk", two.ws)
    expect([yield* topics.receivers("tea"), yield* topics.topics]).toEqual([2, ["tea", "milk"]])
    expect(yield* topics.publish("tea", "a")).toBe(2)
    expect(yield* topics.publish("milk", octets(2))).toBe(1)
    expect(yield* topics.publish("tea", "b", { except: two.ws })).toBe(1)
    expect(yield* topics.publish("water", "c")).toBe(0)
    yield* Scope.close(scope, Exit.void)
    expect(yield* topics.publish("tea", WebSocket.prepare("d"))).toBe(1)
    yield* two.peer.until(3)
    yield* one.peer.until(2)
    expect(one.peer.briefs).toEqual(["text a", "text b"])
    expect(two.peer.briefs).toEqual(["text a", "binary 0007", "text d"])
  })

  test("who unsubscribes gets nothing more of that topic, and what waits of others; once more changes nothing", function* () {
    const topics = yield* Broadcast.make()
    const { peer, ws } = yield* open("server")
    const tea = yield* topics.subscribe("tea", ws)
    const again = yield* topics.subscribe("tea", ws)
    const milk = yield* topics.subscribe("milk", ws)
    yield* tea.unsubscribe
    yield* tea.unsubscribe
    expect(yield* topics.publish("tea", "a")).toBe(1)
    yield* again.unsubscribe
    expect([yield* topics.publish("tea", "b"), yield* topics.publish("milk", "c")]).toEqual([0, 1])
    yield* milk.unsubscribe
    yield* milk.ended
    expect(yield* topics.topics).toEqual([])
    yield* peer.until(2)
    expect(peer.briefs).toEqual(["text a", "text c"])
  })

  test("the octets are made once for all receivers, and leave in one write for each in a turn", function* () {
    const topics = yield* Broadcast.make()
    const make = yield* opener
    const writes = Array.from({ length: 5 }, (): Array<ReadonlyArray<Uint8Array>> => [])
    const ends = yield* Effect.forEach(writes, (each) => make("server", { change: noting(each) }))
    for (const { ws } of ends) yield* topics.subscribe("all", ws)
    for (const message of ["a", "b".repeat(300), octets(900)]) yield* topics.publish("all", message)
    expect(writes.flat()).toEqual([])
    yield* hostTurn
    expect(writes.map(({ length }) => length)).toEqual([1, 1, 1, 1, 1])
    const buffers = new Set(writes.flat(2).map(({ buffer }) => buffer))
    expect(buffers.size).toBeLessThan(3)
    for (const { peer } of ends) {
      yield* peer.until(3)
      expect(peer.frames.map(({ payload }) => payload.length)).toEqual([1, 300, 900])
    }
  })

  test("what is sent to one receiver keeps its place among what is published", function* () {
    const topics = yield* Broadcast.make()
    const { peer, ws } = yield* open("server")
    yield* topics.subscribe("all", ws)
    for (const round of ["1", "2"]) {
      yield* topics.publish("all", `a${round}`)
      yield* ws.send(`b${round}`)
      yield* topics.publish("all", `c${round}`)
      yield* ws.sendAll([`d${round}`, `e${round}`])
    }
    yield* peer.until(10)
    expect(texts(peer).join(" ")).toBe("a1 b1 c1 d1 e1 a2 b2 c2 d2 e2")
  })

  test("§5.1: a client may be a receiver: it masks each frame with a key of its own", function* () {
    const topics = yield* Broadcast.make()
    const make = yield* opener
    const ends = [yield* make("client"), yield* make("client"), yield* make("server")]
    for (const { ws } of ends) yield* topics.subscribe("all", ws)
    yield* topics.publish("all", "x".repeat(200))
    const keys: Array<string | undefined> = []
    for (const { peer } of ends) {
      yield* peer.until(1)
      expect(texts(peer)).toEqual(["x".repeat(200)])
      keys.push(peer.frames[0]?.key)
    }
    expect([new Set(keys).size, keys[2]]).toEqual([3, undefined])
  })

  test("a slow receiver delays nobody: it gets what waits for it when it reads again", function* () {
    const topics = yield* Broadcast.make()
    const make = yield* opener
    const slow = yield* make("server", { limits, memory })
    const quick = yield* make("server", { limits })
    for (const { ws } of [slow, quick]) yield* topics.subscribe("all", ws)
    slow.peer.pause()
    const sent = Array.from({ length: 60 }, (_, index) => `${index}`.padEnd(500, "."))
    for (const text of sent) expect(yield* topics.publish("all", text)).toBe(2)
    yield* quick.peer.until(60)
    expect(texts(slow.peer).length).toBeLessThan(10)
    slow.peer.resume()
    yield* slow.peer.until(60)
    expect([texts(slow.peer), texts(quick.peer)]).toEqual([sent, sent])
  })

  test("close, the default: a receiver that is too slow is closed with 1013; the others are not harmed", function* () {
    const topics = yield* Broadcast.make({ maxMessages: 3 })
    const make = yield* opener
    const slow = yield* make("server", { limits, memory })
    const quick = yield* make("server")
    const { ended } = yield* topics.subscribe("all", slow.ws)
    yield* topics.subscribe("all", quick.ws)
    slow.peer.pause()
    for (let count = 0; count < 20; count++) yield* topics.publish("all", "x".repeat(300))
    expect(yield* Effect.flip(ended)).toMatchObject({ _tag: "TooSlow", messages: 3 })
    yield* quick.peer.until(20)
    slow.peer.resume()
    yield* until(() => slow.peer.briefs.at(-1) === "close 1013 too slow")
    expect(yield* topics.publish("all", "after")).toBe(1)
    slow.peer.close(1013)
    yield* slow.ws.closed
  })

  test("capacity counts octets, and 32 for each message; a single message may wait however long it is", function* () {
    const topics = yield* Broadcast.make({ whenSlow: "dropNewest", capacity: 700 })
    const { peer, ws } = yield* open("server", { limits, memory })
    const { dropped } = yield* topics.subscribe("all", ws)
    peer.pause()
    // The first is over the mark, and the second waits in the connection.
    for (const text of ["a".repeat(2000), "b", "c".repeat(600), "d".repeat(36), "e".repeat(37), "f"]) {
      yield* topics.publish("all", text)
    }
    expect(yield* dropped).toBe(2)
    peer.resume()
    yield* peer.until(4)
    for (const text of ["g".repeat(2000), "h", "i".repeat(5000)]) yield* topics.publish("all", text)
    yield* peer.until(7)
    expect(texts(peer).map((text) => text[0])).toEqual(["a", "b", "c", "d", "g", "h", "i"])
    expect(yield* dropped).toBe(2)
  })

  test("ended: succeeds when the last subscription has, fails with the SendError of a connection that has", function* () {
    const topics = yield* Broadcast.make()
    const make = yield* opener
    const [one, two] = [yield* make("server"), yield* make("server")]
    const scope = yield* Scope.make()
    const left = yield* Scope.extend(topics.subscribe("all", one.ws), scope)
    const lost = yield* topics.subscribe("all", two.ws)
    yield* Scope.close(scope, Exit.void)
    yield* left.ended
    two.peer.close()
    yield* two.ws.closed
    yield* topics.publish("all", "x")
    expect(yield* Effect.flip(lost.ended)).toMatchObject({ _tag: "SendError", reason: { _tag: "Closed" } })
    expect(yield* topics.publish("all", "x")).toBe(0)
  })

  test("a publisher that never waits makes nobody slow, and lets the event loop turn", function* () {
    const topics = yield* Broadcast.make({ maxMessages: 1 })
    const { peer, ws } = yield* open("server")
    yield* topics.subscribe("all", ws)
    let isRead = false
    const reading = yield* Effect.fork(
      Effect.map(ws.receive, () => {
        isRead = true
      })
    )
    const body = () => topics.publish("all", octets(1000))
    yield* Effect.repeatN(hostTurn, 2)
    peer.send(1, "stop")
    let count = 0
    yield* Effect.whileLoop({ while: () => !isRead || count < 200, body, step: () => void count++ })
    yield* Fiber.join(reading)
    yield* peer.until(count)
  })

  test("an option that is out of range is an OptionError", function* () {
    for (const wrong of [0, -1, 1.5, Number.NaN]) {
      expect((yield* Effect.flip(Broadcast.make({ capacity: wrong }))).option).toBe("capacity")
      expect((yield* Effect.flip(Broadcast.make({ maxMessages: wrong }))).message).toBe(
        "option maxMessages: an integer of at least 1, or Infinity"
      )
    }
  })

  test("any receivers that read or do not, and any messages: order is kept, and nothing is lost but by the policy", function* () {
    const step = fc.record({
      how: fc.constantFrom("publish", "publish", "publish", "pause", "resume", "send", "turn"),
      to: fc.nat(2),
      size: fc.constantFrom(1, 100, 400, 3000)
    })
    type Step = { readonly how: string; readonly to: number; readonly size: number }
    const run = (whenSlow: "dropOldest" | "dropNewest", maxMessages: number, steps: ReadonlyArray<Step>) =>
      Effect.gen(function* () {
        const make = yield* opener
        const topics = yield* Broadcast.make({ whenSlow, maxMessages })
        const roles = ["server", "server", "client"] as const
        const ends = yield* Effect.forEach(roles, (role) => make(role, { limits, memory }))
        const subscriptions = yield* Effect.forEach(ends, ({ ws }) => topics.subscribe("all", ws))
        let [published, sent] = [0, 0]
        for (const { how, size, to } of steps) {
          if (how === "publish") yield* topics.publish("all", `${published++}`.padEnd(size, "."))
          else if (how === "pause") ends[to]!.peer.pause()
          else if (how === "resume") ends[to]!.peer.resume()
          else if (how === "send") ends[to]!.ws.unsafeSend(`own ${sent++}`)
          else yield* hostTurn
        }
        for (const { peer } of ends) peer.resume()
        yield* turns()
        for (const [index, { peer }] of ends.entries()) {
          const order = texts(peer)
            .filter((text) => !text.startsWith("own"))
            .map((text) => Number.parseInt(text, 10))
          expect(order).toEqual([...new Set(order)].sort((a, b) => a - b))
          const dropped = yield* subscriptions[index]!.dropped
          expect(order.length + dropped).toBe(published)
          if (whenSlow === "dropOldest" && published > 0) expect(order.at(-1)).toBe(published - 1)
        }
      })
    const property = fc.asyncProperty(
      fc.constantFrom("dropOldest" as const, "dropNewest" as const),
      fc.integer({ min: 1, max: 5 }),
      fc.array(step, { maxLength: 30 }),
      (policy, maxMessages, steps) => Effect.runPromise(Effect.scoped(run(policy, maxMessages, steps)))
    )
    yield* Effect.promise(() => fc.assert(property, { numRuns: 40 }))
  })
})
