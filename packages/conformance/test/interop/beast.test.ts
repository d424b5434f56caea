import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import { reject } from "effect-websocket/Handshake"
import type { ControlFrame, WebSocket } from "effect-websocket/WebSocket"
import { type BeastPair, beastPairs, client, needsBeast, type OpenBeast } from "../support/beastPairs.js"
import { interop } from "../support/interop.js"
import { leavesNothing } from "../support/leaks.js"
import { serve } from "../support/overTcp.js"
import { tagsOf } from "../support/underTest.js"

type Case = (open: OpenBeast) => Effect.Effect<void, unknown, Scope.Scope>

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text))

/** Characters of one to four octets, so that the borders of frames cut them. */
const text = "a, é, €, \u{1f600}; ".repeat(1000)

const fragmentsBothWays: Case = (open) =>
  Effect.gen(function* () {
    for (const size of [8, 125, 4096]) {
      const theirOptions = { auto_fragment: 1, write_buffer_bytes: size }
      const { ours, theirs } = yield* open({ ours: { limits: { fragmentSize: size } }, theirs: theirOptions })
      for (const message of [text, bytes(text)]) {
        theirs.send(message)
        expect(yield* ours.receive).toEqual(message)
        yield* ours.send(message)
        expect(yield* theirs.receive).toEqual(message)
      }
    }
  })

/** The control frames of that kind which we are going to get. */
const next = (ours: WebSocket, tag: ControlFrame["_tag"], count: number) =>
  Effect.gen(function* () {
    const some = ours.controlFrames.pipe(
      Stream.filter(({ _tag }) => _tag === tag),
      Stream.take(count)
    )
    const fiber = yield* Effect.fork(Stream.runCollect(some))
    yield* Effect.yieldNow()
    return Effect.map(Fiber.join(fiber), (frames) =>
      [...frames].map((frame) => ("payload" in frame ? Buffer.from(frame.payload).toString() : ""))
    )
  })

const betweenTheirFragments: Case = (open) =>
  Effect.gen(function* () {
    const { ours, theirs } = yield* open()
    const pings = yield* next(ours, "Ping", 1)
    const pongs = yield* next(ours, "Pong", 1)
    theirs.sendPart("one, ", "more")
    theirs.sendPing("ping")
    theirs.sendPong("pong")
    theirs.sendPart("two", "last")
    expect(yield* ours.receive).toBe("one, two")
    expect([yield* pings, yield* pongs, yield* theirs.nextPong]).toEqual([["ping"], ["pong"], "ping"])
  })

const betweenOurFragments: Case = (open) =>
  Effect.gen(function* () {
    const { ours, theirs } = yield* open()
    // Its answer comes before the message has ended.
    const second = Effect.as(ours.ping(bytes("between")), "two")
    yield* ours.sendStream("text", Stream.concat(Stream.make("one, "), Stream.fromEffect(second)))
    expect(yield* theirs.receive).toBe("one, two")
    expect(theirs.seen.slice(-2)).toEqual(["ping", "text"])
    expect(yield* theirs.nextPing).toBe("between")
  })

const payloads: Case = (open) =>
  Effect.gen(function* () {
    const { ours, theirs } = yield* open()
    for (const payload of ["", "p", "x".repeat(125)]) {
      const pings = yield* next(ours, "Ping", 1)
      theirs.sendPing(payload)
      expect([yield* pings, yield* theirs.nextPong]).toEqual([[payload], payload])
      yield* ours.ping(bytes(payload))
      expect(yield* theirs.nextPing).toBe(payload)
      const pongs = yield* next(ours, "Pong", 1)
      theirs.sendPong(payload)
      yield* ours.pong(bytes(payload))
      expect([yield* pongs, yield* theirs.nextPong]).toEqual([[payload], payload])
    }
  })

const closes: ReadonlyArray<readonly [code: number, reason: string]> = [
  [1000, ""],
  [1001, "going away"],
  [1011, "é, €, \u{1f600}"],
  [1013, ""],
  [3000, "x".repeat(123)],
  [4999, "the last one"]
]

const weCloseWith: Case = (open) =>
  Effect.forEach(closes, ([code, reason]) =>
    Effect.gen(function* () {
      const { ours, theirs } = yield* open()
      const { clean, initiator, received } = yield* ours.close(code, reason)
      expect([clean, initiator, Option.getOrThrow(received)]).toEqual([true, "local", { code, reason: "" }])
      expect(yield* theirs.closed).toEqual({ code, reason })
    })
  )

const theyCloseWith: Case = (open) =>
  Effect.forEach(closes, ([code, reason]) =>
    Effect.gen(function* () {
      const { ours, theirs } = yield* open()
      theirs.close(code, reason)
      const { clean, initiator, received } = yield* ours.closed
      expect([clean, initiator, Option.getOrThrow(received)]).toEqual([true, "remote", { code, reason }])
      expect(yield* theirs.closed).toEqual({ code, reason: "" })
    })
  )

const closesCross: Case = (open) =>
  Effect.gen(function* () {
    const { ours, theirs } = yield* open({ theirs: { read: 0 } })
    const closing = yield* Effect.fork(ours.close(4000, "ours"))
    yield* Effect.yieldNow()
    // Beast has read nothing yet: it does not know of our Close frame.
    theirs.close(4001, "theirs")
    const { clean, initiator, received, sent } = yield* Fiber.join(closing)
    expect([clean, initiator]).toEqual([true, "local"])
    expect([sent, received].map(Option.getOrThrow)).toEqual([
      { code: 4000, reason: "ours" },
      { code: 4001, reason: "theirs" }
    ])
    expect(yield* theirs.closed).toEqual({ code: 4000, reason: "ours" })
  })

const messagesBeforeTheClose: Case = (open) =>
  Effect.gen(function* () {
    const messages = ["one", "two", text]
    const first = yield* open()
    for (const message of messages) first.theirs.send(message)
    first.theirs.close(1000, "")
    expect([...(yield* Stream.runCollect(first.ours.messages))]).toEqual(messages)
    const second = yield* open()
    yield* second.ours.sendAll(messages)
    yield* second.ours.close()
    expect(yield* Effect.replicateEffect(second.theirs.receive, messages.length)).toEqual(messages)
  })

const failure = (ours: WebSocket) => Effect.map(Effect.flip(ours.receive), tagsOf)

const tooBigForThem: Case = (open) =>
  Effect.gen(function* () {
    for (const fragmentSize of [64 * 1024, 100]) {
      const { ours, theirs } = yield* open({ ours: { limits: { fragmentSize } }, theirs: { read_message_max: 1000 } })
      yield* ours.send("x".repeat(1000))
      expect(yield* theirs.receive).toBe("x".repeat(1000))
      yield* ours.send("x".repeat(1001))
      expect(yield* failure(ours)).toBe("Closed")
      expect(Option.getOrThrow((yield* ours.closed).received).code).toBe(1009)
      expect(yield* theirs.failed).toBe("message_too_big")
    }
  })

const tooBigForUs: Case = (open) =>
  Effect.gen(function* () {
    for (const write_buffer_bytes of [4096, 100]) {
      const { ours, theirs } = yield* open({
        ours: { limits: { maxMessageSize: 1000 } },
        theirs: { write_buffer_bytes }
      })
      theirs.send("x".repeat(1000))
      expect(yield* ours.receive).toBe("x".repeat(1000))
      theirs.send("x".repeat(1001))
      expect(yield* failure(ours)).toBe("ProtocolError.MessageTooBig")
      expect((yield* theirs.closed).code).toBe(1009)
    }
  })

/** What Beast sends when it is told to, and we refuse. */
const refused = (send: (pair: BeastPair) => void, tags: string, code: number): Case => {
  return (open) =>
    Effect.gen(function* () {
      const pair = yield* open()
      send(pair)
      expect(yield* failure(pair.ours)).toBe(tags)
      expect((yield* pair.theirs.closed).code).toBe(code)
    })
}

const badText = refused(
  ({ theirs }) => theirs.sendText(Uint8Array.of(0x61, 0xff)),
  "ProtocolError.BadFramePayload",
  1007
)

const badCodes: Case = (open) =>
  Effect.forEach([999, 1004, 1005, 1006, 1015, 2999, 5000], (code) =>
    refused(({ theirs }) => theirs.close(code, ""), "ProtocolError.BadCloseCode", 1002)(open)
  )

const theirPings: Case = (open) =>
  Effect.gen(function* () {
    const { ours, theirs } = yield* open({ theirs: { idle_timeout: 100, keep_alive_pings: 1 } })
    expect(yield* yield* next(ours, "Ping", 3)).toEqual(["", "", ""])
    theirs.send("still there")
    expect(yield* ours.receive).toBe("still there")
  })

const theirIdleTimeout: Case = (open) =>
  Effect.gen(function* () {
    const { ours, theirs } = yield* open({ theirs: { idle_timeout: 50 } })
    expect(yield* failure(ours)).toMatch(/^TransportError/)
    expect(yield* theirs.failed).toBe("timeout")
  })

/** Half of `idleTimeout`. */
const half = "30 minutes"

const ourLimits = { limits: { idleTimeout: "1 hour", keepAlive: true } } as const

const ourPings: Case = (open) =>
  Effect.gen(function* () {
    const { ours, theirs } = yield* open({ ours: ourLimits })
    for (let count = 0; count < 5; count++) {
      const answered = yield* next(ours, "Pong", 1)
      yield* TestClock.adjust(half)
      yield* answered
    }
    theirs.send("still there")
    expect(yield* ours.receive).toBe("still there")
  })

const ourIdleTimeout: Case = (open) =>
  Effect.gen(function* () {
    const { ours, theirs } = yield* open({ ours: ourLimits, theirs: { read: 0 } })
    const failed = yield* Effect.fork(failure(ours))
    yield* TestClock.adjust(half)
    yield* TestClock.adjust(half)
    expect(yield* Fiber.join(failed)).toBe("TimeoutError")
    theirs.read()
    expect(yield* theirs.nextPing).toBe("")
    expect((yield* theirs.closed).code).toBe(1006)
  })

const cases: Readonly<Record<string, Case>> = {
  "RFC 6455 §5.4, MW-06: every message in fragments, both ways": fragmentsBothWays,
  "RFC 6455 §5.4, C-10: control frames between their fragments": betweenTheirFragments,
  "RFC 6455 §5.4, MW-09: a Ping between our fragments": betweenOurFragments,
  "RFC 6455 §5.5, C-01, C-02, C-03: payloads of Pings and Pongs, both ways": payloads,
  "RFC 6455 §7.4, X-05: we close with a code; Beast answers with it, without the reason": weCloseWith,
  "RFC 6455 §7.4, X-01: Beast closes with a code; so do we answer": theyCloseWith,
  "RFC 6455 §7.1.2, X-10: closes that cross": closesCross,
  "RFC 6455 §7.1.2, MR-17: messages before the Close frame are delivered": messagesBeforeTheClose,
  "RFC 6455 §7.4.1, MR-08: a message too big for Beast": tooBigForThem,
  "RFC 6455 §7.4.1, MR-08: a message too big for us": tooBigForUs,
  "RFC 6455 §8.1, MW-05: Beast sends text that is no UTF-8": badText,
  "RFC 6455 §7.4, X-04: Beast sends codes that may not be sent": badCodes,
  "T-06: keep-alive Pings of Beast": theirPings,
  "T-05: Beast gives up a silent peer": theirIdleTimeout
}

const casesOfTime: Readonly<Record<string, Case>> = {
  "T-06: Beast answers our keep-alive Pings": ourPings,
  "T-06: we give up a Beast that is silent": ourIdleTimeout
}

needsBeast()

for (const [name, open] of Object.entries(beastPairs)) {
  interop(name, (offered) => open({ offered }))

  describe(`${name}, what else Beast can do`, () => {
    leavesNothing()
    for (const [sentence, run] of Object.entries(cases)) it.scopedLive(sentence, () => run(open))
    for (const [sentence, run] of Object.entries(casesOfTime)) it.scoped(sentence, () => run(open))
  })
}

describe("refusals between us and Beast", () => {
  leavesNothing()

  it.scopedLive("RFC 6455 §4.2.2, CH-12: our refusal is an error of their client", () =>
    Effect.gen(function* () {
      const { uri } = yield* serve({ authorize: () => Effect.fail(reject({ status: 401, body: "who are you?" })) })
      expect(String(yield* Effect.flip(client(uri)))).toContain("declined")
    })
  )
})
