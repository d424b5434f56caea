import { badDeflate, type ProtocolViolation } from "@effect-websocket/protocol/frame/ProtocolViolation"
import { deflate } from "@effect-websocket/protocol/handshake/Negotiated"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { defaults } from "../../src/Compression.js"
import { Receiver } from "../../src/connection/Receiver.js"
import { defaultsOf } from "../../src/Limits.js"
import * as MemoryTransport from "../../src/MemoryTransport.js"
import * as CuttingTransport from "../../src/testing/CuttingTransport.js"
import type { Message, WebSocket } from "../../src/WebSocket.js"
import type { ReceiveError } from "../../src/WebSocketError.js"
import { faultsOf } from "../support/faults.js"
import { Calls, deflated, pausing } from "../support/pausing.js"
import {
  closePayload,
  concat,
  engine,
  frame,
  hex,
  negotiated,
  octets,
  open,
  other,
  type Role,
  roles,
  type Unusual,
  utf8
} from "../support/peer.js"

interface Recording {
  /** Messages are taken in pieces. */
  readonly inPieces?: boolean
  /** permessage-deflate was agreed on, and pauses behind so many octets. */
  readonly budget?: number
  /** What is paused goes on when all octets have arrived, not behind each chunk. */
  readonly isLater?: boolean
}

/** Writes down what a Receiver tells. */
const recorded = (
  role: Role,
  chunks: ReadonlyArray<Uint8Array>,
  { budget, inPieces = false, isLater = false }: Recording = {}
) => {
  const events: Array<unknown> = []
  const calls = new Calls()
  const agreed = deflate(negotiated(role, undefined, "permessage-deflate"))!
  const receiver: Receiver = new Receiver(
    role,
    defaultsOf(role),
    {
      onMessage: (message) => events.push(message),
      onMessageStart: (kind) => {
        if (inPieces) events.push([`start ${kind}`, receiver.startPieces().length])
      },
      onPiece: (octets) => {
        events.push(Buffer.from(octets).toString())
        return undefined
      },
      onMessageEnd: () => events.push("end")
    },
    (opcode, payload) => {
      events.push([opcode, Buffer.from(payload).toString()])
      if (opcode === 8) receiver.stop()
      return undefined
    },
    budget === undefined ? undefined : (sink) => pausing(budget, calls).open(agreed, role, defaults, sink)
  )
  const goOn = () => {
    let violation: ProtocolViolation | undefined
    while (receiver.isPaused) violation ??= receiver.resume()
    return violation
  }
  const violations = chunks.map((chunk) => {
    const violation = receiver.receive(chunk.slice())
    return violation ?? (isLater ? undefined : goOn())
  })
  if (isLater) violations.push(goOn())
  return { events, receiver, violations, calls }
}

const bytes = (all: Uint8Array) => Array.from(all, (_, at) => all.subarray(at, at + 1))

for (const role of roles) {
  const peer = other(role)
  describe(`inbound stations: a ${role}`, () => {
    it("RFC 6455 §5.4: control frames leave before the message they stand in, whole, however they are cut", () => {
      const all = concat(
        frame(peer, 1, "Hel", { fin: false }),
        frame(peer, 9, "p".repeat(125)),
        frame(peer, 10),
        frame(peer, 0, "lo"),
        frame(peer, 2)
      )
      const expected = [[9, "p".repeat(125)], [10, ""], "Hello", new Uint8Array(0)]
      expect(recorded(role, [all]).events).toEqual(expected)
      expect(recorded(role, bytes(all)).events).toEqual(expected)
    })

    it("counts messages and octets, and knows when it is in the middle of one", () => {
      const whole = frame(peer, 1, "Hello")
      const { receiver } = recorded(role, [whole, whole.subarray(0, 1)])
      expect([receiver.messages, receiver.offset, receiver.isMidMessage]).toEqual([1, whole.length + 1, true])
      expect(receiver.isMessageOpen).toBe(false)
      receiver.receive(whole.slice(1))
      expect([receiver.messages, receiver.offset, receiver.isMidMessage]).toEqual([2, 2 * whole.length, false])
      receiver.receive(frame(peer, 2, "a", { fin: false }))
      expect([receiver.isMidMessage, receiver.isMessageOpen, receiver.kind]).toEqual([true, true, "binary"])
    })

    it("in pieces: what arrives is told as it arrives, and its end", () => {
      const all = concat(
        frame(peer, 1, "Hel", { fin: false }),
        frame(peer, 9, "?"),
        frame(peer, 0, "lo"),
        frame(peer, 2)
      )
      expect(recorded(role, [all], { inPieces: true }).events).toEqual([
        ["start text", 0],
        "Hel",
        [9, "?"],
        "lo",
        "end",
        ["start binary", 0],
        "end"
      ])
    })

    it("§5.5.1: nothing behind a Close frame is looked at", () => {
      const all = concat(frame(peer, 8, closePayload(1000)), frame(peer, 3), frame(peer, 1, "late"))
      const { events, violations } = recorded(role, [all, all])
      expect([events.length, ...violations]).toEqual([1, undefined, undefined])
    })
  })
}

const rsv1 = { rsv: 4 }

for (const role of roles) {
  const peer = other(role)
  const compressed = (opcode: number, message: string, unusual: Unusual = {}) =>
    frame(peer, opcode, deflated(message), { ...rsv1, ...unusual })

  describe(`RFC 7692 §6.2: compressed messages, and pauses: a ${role}`, () => {
    it("control frames, plain messages and empty ones keep their places, wherever it pauses and goes on", () => {
      const all = concat(
        compressed(1, "Hello"),
        frame(peer, 9, "?"),
        frame(peer, 1, "plain"),
        frame(peer, 1, "Hel", { ...rsv1, fin: false }),
        frame(peer, 10, "!"),
        frame(peer, 0, deflated("lo")),
        compressed(2, ""),
        frame(peer, 2, "", rsv1),
        frame(peer, 9),
        compressed(1, "last")
      )
      const no = new Uint8Array(0)
      const expected = ["Hello", [9, "?"], "plain", [10, "!"], "Hello", no, no, [9, ""], "last"]
      for (let budget = 1; budget < 30; budget++) {
        for (const chunks of [[all], bytes(all)]) {
          for (const isLater of [false, true]) {
            const { events, receiver, violations } = recorded(role, chunks, { budget, isLater })
            expect(events).toEqual(expected)
            expect(violations.filter((violation) => violation !== undefined)).toEqual([])
            expect([receiver.offset, receiver.messages, receiver.isMidMessage]).toEqual([all.length, 6, false])
          }
        }
      }
    })

    it("many small messages in one chunk pause as often as a large one, once in so many octets", () => {
      const many = recorded(role, [concat(...Array.from({ length: 50 }, () => compressed(1, "123456789")))], {
        budget: 100
      })
      const one = recorded(role, [compressed(1, "x".repeat(499))], { budget: 100 })
      expect([many.calls.pauses, one.calls.pauses, many.events.length, one.events.length]).toEqual([5, 5, 50, 1])
    })

    it("in pieces: what was inflated is told before it pauses", () => {
      const { receiver, events } = recorded(role, [], { budget: 4, inPieces: true })
      receiver.receive(compressed(1, "Hello"))
      expect([receiver.isPaused, ...events]).toEqual([true, ["start text", 0], "Hel"])
      receiver.resume()
      expect(events.slice(2)).toEqual(["lo", "end"])
    })

    it("§7.2.2: a fault has the place of its frame, wherever it pauses; what came before it is told, and nothing behind it", () => {
      const before = concat(compressed(1, "Hello"), frame(peer, 9, "?"), frame(peer, 1, "a", { ...rsv1, fin: false }))
      const faults = {
        "in the middle": frame(peer, 0, concat(deflated("12345"), Uint8Array.of(0xff), deflated("6789"))),
        "at the first octet": frame(peer, 0, Uint8Array.of(0xff)),
        "at the end, which is missing": frame(peer, 0, "12345"),
        "§8.1 text that is not UTF-8": frame(peer, 0, hex("61 62 63 64 c3 28 00")),
        "a frame without RSV1 that begins another message": frame(peer, 1, "late")
      }
      for (const [name, fault] of Object.entries(faults)) {
        const all = concat(before, fault, frame(peer, 9, "late"))
        const whole = recorded(role, [all], { budget: 1000 }).violations[0]
        expect(whole, name).toBeDefined()
        for (let budget = 1; budget < 20; budget++) {
          for (const chunks of [[all], bytes(all)]) {
            const { events, receiver, violations } = recorded(role, chunks, { budget })
            const found = violations.filter((violation) => violation !== undefined)
            expect([found, receiver.offset, events], name).toEqual([[whole], before.length, ["Hello", [9, "?"]]])
            expect([receiver.isPaused, receiver.resume(), receiver.receive(frame(peer, 9))]).toEqual([
              false,
              undefined,
              undefined
            ])
          }
        }
      }
      expect(badDeflate.closeCode).toBe(1007)
    })

    it("§5.5.1: a Close frame behind a pause is seen in its turn; stopped while it is paused, it tells nothing more", () => {
      const all = concat(compressed(1, "Hello"), frame(peer, 8, closePayload(1000)), compressed(1, "late"))
      const paused = recorded(role, [all], { budget: 4, isLater: true })
      expect(paused.events).toEqual(["Hello", [8, expect.any(String)]])
      expect([paused.receiver.isPaused, paused.calls.closed]).toEqual([false, 1])
      const { calls, events, receiver } = recorded(role, [], { budget: 4 })
      receiver.receive(all.slice())
      receiver.stop()
      receiver.receive(all.slice())
      expect([receiver.isPaused, receiver.resume(), events, calls.closed]).toEqual([false, undefined, [], 1])
    })
  })
}

/** Everything until the end, and the end. */
const drainAll = (ws: WebSocket) => {
  const messages: Array<Message> = []
  return Effect.map(
    Effect.flip(Effect.forever(Effect.map(ws.pull, (batch) => messages.push(...batch)))),
    (error: ReceiveError) => ({ messages, error })
  )
}

const message: fc.Arbitrary<Message> = fc.oneof(
  fc.fullUnicodeString({ maxLength: 100 }),
  fc.uint8Array({ maxLength: 300 }),
  fc.constant(octets(5000))
)

describe("MW-01, MR-01: what is sent arrives", () => {
  it("any messages, equal and in order, in both directions, for any fragments and any cutting of the octets", async () => {
    const program = (role: Role, messages: ReadonlyArray<Message>, fragmentSize: number, cuts: ReadonlyArray<number>) =>
      Effect.gen(function* () {
        const frames = yield* engine
        const [client, server] = yield* MemoryTransport.pair({ capacity: 100 })
        const [near, far] = role === "client" ? [client, server] : [server, client]
        const limits = { fragmentSize, highWaterMark: 500, readAhead: 100 }
        const sender = yield* frames.open(near, negotiated(role), { limits })
        const receiver = yield* frames.open(
          CuttingTransport.cut(far, { at: cuts, size: 1000 }),
          negotiated(other(role)),
          {
            limits
          }
        )
        const draining = yield* Effect.fork(drainAll(receiver))
        yield* sender.sendAll(messages)
        yield* sender.close()
        const { error, messages: arrived } = yield* draining
        expect(arrived).toEqual(messages)
        expect(error._tag).toBe("Closed")
      })
    const cuts = fc.array(fc.nat(4000), { maxLength: 30 })
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...roles),
        fc.array(message, { maxLength: 12 }),
        fc.integer({ min: 8, max: 2000 }),
        cuts,
        (role, messages, fragmentSize, at) =>
          Effect.runPromise(Effect.scoped(program(role, messages, fragmentSize, at)))
      ),
      { numRuns: 60 }
    )
  })
})

/** Messages, and then the one failure. The peer ends behind the octets. */
const outcome = (role: Role, all: Uint8Array, chunk: number, limits = {}) =>
  Effect.gen(function* () {
    const { peer, ws } = yield* open(role, { limits, memory: { maxChunk: chunk } })
    peer.write(all)
    yield* peer.duplex.end
    const { error, messages } = yield* drainAll(ws)
    expect((yield* Effect.flip(ws.pull)) === error).toBe(true)
    return { messages, error: error._tag === "ProtocolError" ? [error.reason._tag, error.offset] : [error._tag] }
  }).pipe(Effect.scoped, Effect.runPromise)

const legal = (role: Role) =>
  fc
    .array(
      fc
        .tuple(fc.constantFrom(0, 1, 2, 9, 10), fc.uint8Array({ maxLength: 140 }), fc.boolean())
        .map(([opcode, payload, fin]) =>
          opcode < 8 ? frame(role, opcode, payload, { fin }) : frame(role, opcode, payload.subarray(0, 125))
        ),
      { maxLength: 8 }
    )
    .map((frames) => concat(...frames))

const broken = (role: Role) =>
  fc.tuple(legal(role), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 })).map(([all, changes]) => {
    for (const [at, octet] of changes) if (all.length > 0) all[at % all.length] = octet
    return all
  })

for (const role of roles) {
  describe(`HARDENING B16, B17: octets of a peer: a ${role}`, () => {
    it("any octets give messages and then one failure, the same for any cutting; never a throw, never a hang", async () => {
      const any = fc.oneof(fc.uint8Array({ maxLength: 200 }), broken(other(role)))
      await fc.assert(
        fc.asyncProperty(any, fc.integer({ min: 1, max: 9 }), async (all, chunk) => {
          expect(await outcome(role, all, chunk)).toEqual(await outcome(role, all, 10_000))
        }),
        { numRuns: 150 }
      )
    })

    it("every fault of the table, octet by octet", async () => {
      for (const { at = () => 0, limits = {}, octets, tag } of faultsOf(role)) {
        const good = frame(other(role), 1, "Hello")
        const { error, messages } = await outcome(role, concat(good, octets(other(role)), utf8("late")), 1, limits)
        expect([messages, error]).toEqual([["Hello"], [tag, good.length + at(other(role))]])
      }
    })
  })
}
