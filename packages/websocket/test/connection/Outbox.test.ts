import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Outbox } from "../../src/connection/Outbox.js"
import { PreparedMessage } from "../../src/connection/PreparedMessage.js"
import { hostTurn } from "../../src/host/HostTurn.js"
import type { Duplex } from "../../src/Transport.js"
import type { Message } from "../../src/WebSocket.js"
import { concat, octets, opener, type Peer, parse, type Role, until, utf8 } from "../support/peer.js"

/** A transport that keeps what is written as it is, until it is told to pass it on. */
const keeping = () => {
  const writes: Array<Uint8Array> = []
  let buffered = 0
  let keeps = false
  const duplex = {
    unsafeWrite: (chunks: ReadonlyArray<Uint8Array>) => {
      for (const chunk of chunks) {
        writes.push(keeps ? chunk : chunk.slice())
        if (keeps) buffered += chunk.length
      }
    },
    unsafeBuffered: () => buffered
  } as unknown as Duplex
  return {
    duplex,
    writes,
    keep: (value: boolean) => {
      keeps = value
      if (!value) buffered = 0
    },
    payloads: () => parse(concat(...writes)).frames.map(({ payload }) => Buffer.from(payload).toString())
  }
}

const prepared = (text: string) => new PreparedMessage(text).plain

const entropy = { unsafeMaskingKey: () => 0x01020304, unsafeOctets: (length: number) => new Uint8Array(length) }
const outboxOver = (duplex: Duplex, role: Role = "client") => new Outbox(duplex, role, entropy)

describe("frames of one connection", () => {
  it("leave in one write, when the code that appended them has come to its end", async () => {
    const { duplex, payloads, writes } = keeping()
    const outbox = outboxOver(duplex)
    outbox.text(0x81, "a")
    outbox.octets(0x82, utf8("b"))
    outbox.flushLater()
    outbox.flushLater()
    expect(writes.length).toBe(0)
    expect(outbox.buffered).toBe(14)
    await Promise.resolve()
    expect(writes.length).toBe(1)
    expect(outbox.buffered).toBe(0)
    expect(payloads()).toEqual(["a", "b"])
  })

  it("leave at the end of a turn, when they are appended in one", async () => {
    const { duplex, writes } = keeping()
    const outbox = outboxOver(duplex)
    outbox.beginTurn()
    outbox.text(0x81, "a")
    outbox.flushLater()
    await Promise.resolve()
    expect(writes.length).toBe(0)
    outbox.text(0x81, "b")
    outbox.endTurn()
    expect(writes.length).toBe(1)
    outbox.endTurn()
    outbox.flush()
    expect(writes.length).toBe(1)
  })

  it("leave before the slab is over-filled, and alone when they are larger than it; the order stays", () => {
    const { duplex, payloads, writes } = keeping()
    const outbox = outboxOver(duplex)
    const sent = ["x".repeat(40_000), "y".repeat(40_000), "z".repeat(100_000), "€".repeat(30_000), "end"]
    for (const text of sent.slice(0, 2)) outbox.octets(0x82, utf8(text))
    for (const text of sent.slice(2)) outbox.text(0x81, text)
    outbox.flush()
    expect(payloads()).toEqual(sent)
    expect(Math.max(...writes.slice(0, 1).map(({ length }) => length))).toBeLessThan(131_072)
  })

  it("MW-18: several messages to each of many leave in one write each, in order", async () => {
    const all = Array.from({ length: 100 }, keeping)
    const outboxes = all.map(({ duplex }) => outboxOver(duplex))
    for (const message of ["a", "b".repeat(200), "c", "d".repeat(400), "e"]) {
      for (const outbox of outboxes) {
        outbox.octets(0x82, utf8(message))
        outbox.flushLater()
      }
    }
    expect(outboxes[0]?.buffered).toBe(3 * 7 + 208 + 408)
    await Promise.resolve()
    const sent = ["a", "b".repeat(200), "c", "d".repeat(400), "e"]
    expect(all.map(({ payloads }) => payloads())).toEqual(all.map(() => sent))
    expect(all.map(({ writes }) => writes.length)).toEqual(all.map(() => 1))
    expect(outboxes.map(({ buffered }) => buffered)).toEqual(all.map(() => 0))
  })

  it("MW-18: what goes to many is not copied for a server, and leaves in one write with what was made after it", () => {
    const { duplex, keep, payloads, writes } = keeping()
    keep(true)
    const outbox = outboxOver(duplex, "server")
    const forms = ["a", "b".repeat(200)].map(prepared)
    for (const form of forms) outbox.prepared(form, 1000)
    expect(outbox.buffered).toBe(3 + 204)
    outbox.flush()
    outbox.flush()
    expect(payloads()).toEqual(["a", "b".repeat(200)])
    expect([writes.length, outbox.buffered]).toEqual([1, 207])
    expect(writes[0]?.buffer).toBe(forms[0]?.frames(1000).buffer)
  })

  it("MW-18: what goes to many keeps its place among what was sent before it and is sent after it", async () => {
    const all = Array.from({ length: 3 }, keeping)
    const outboxes = all.map(({ duplex }) => outboxOver(duplex, "server"))
    const form = prepared("many")
    const big = prepared("m".repeat(5000))
    const steps: ReadonlyArray<(outbox: Outbox) => void> = [
      (outbox) => outbox.text(0x81, "first"),
      (outbox) => outbox.prepared(form, 1000),
      (outbox) => outbox.octets(0x82, utf8("second")),
      (outbox) => outbox.prepared(big, 10_000),
      (outbox) => outbox.prepared(form, 1000),
      (outbox) => outbox.octets(0x82, new Uint8Array(140_000)),
      (outbox) => outbox.prepared(form, 1000),
      (outbox) => outbox.text(0x81, "last")
    ]
    for (const step of steps) {
      for (const outbox of outboxes) {
        step(outbox)
        outbox.flushLater()
      }
    }
    await Promise.resolve()
    const sizes = [5, 4, 6, 5000, 4, 140_000, 4, 4]
    for (const { payloads } of all) expect(payloads().map(({ length }) => length)).toEqual(sizes)
  })

  it("MW-18: much for many leaves before it is more than 32 KiB and a message", () => {
    const { duplex, payloads, writes } = keeping()
    const outbox = outboxOver(duplex, "server")
    for (let count = 0; count < 90; count++) outbox.prepared(prepared("x".repeat(1000)), 1000)
    expect([writes.length > 0, outbox.buffered < 33 * 1024]).toEqual([true, true])
    outbox.flush()
    expect(payloads().length).toBe(90)
  })

  it("§5.3: a client masks what goes to many, with a key for each frame, and alters nothing of it", () => {
    const { duplex, payloads, writes } = keeping()
    let key = 0
    const outbox = new Outbox(duplex, "client", { ...entropy, unsafeMaskingKey: () => ++key })
    const form = prepared("many and more")
    outbox.prepared(form, 8)
    outbox.prepared(form, 100)
    outbox.flush()
    expect(payloads()).toEqual(["many and", " more", "many and more"])
    expect(parse(concat(...writes)).frames.map((frame) => [frame.key, frame.opcode])).toEqual([
      ["00000001", 1],
      ["00000002", 0],
      ["00000003", 1]
    ])
    expect(form.payload).toEqual(utf8("many and more"))
  })

  it("L-29: a transport that sends on another connection when it is written to mixes nothing", () => {
    const lower = keeping()
    const inner = outboxOver(lower.duplex)
    const upper = keeping()
    const tunnel: Duplex = {
      ...upper.duplex,
      unsafeWrite: (chunks) => {
        upper.duplex.unsafeWrite(chunks)
        inner.octets(0x82, utf8("beneath"))
      }
    }
    const [outer, third] = [outboxOver(tunnel), keeping()]
    const other = outboxOver(third.duplex)
    outer.octets(0x82, utf8("above"))
    other.octets(0x82, utf8("other"))
    outer.octets(0x82, new Uint8Array(130_000))
    outer.octets(0x82, utf8("z".repeat(2000)))
    for (const outbox of [outer, other, inner]) outbox.flush()
    expect(upper.payloads().map(({ length }) => length)).toEqual([5, 130_000, 2000])
    expect(third.payloads()).toEqual(["other"])
    expect(lower.payloads().every((payload) => payload === "beneath")).toBe(true)
    expect(lower.payloads().length).toBe(upper.writes.length)
  })

  it("what is set aside is sent before what does not fit beside it", async () => {
    const [one, two] = [keeping(), keeping()]
    const [outbox, other] = [outboxOver(one.duplex), outboxOver(two.duplex)]
    const sent = ["a", "b".repeat(2000), "c", "d".repeat(200_000), "e"]
    for (const message of sent) {
      outbox.text(0x81, message)
      outbox.flushLater()
      other.octets(0x82, utf8(message))
      other.flushLater()
    }
    await Promise.resolve()
    expect([one.payloads(), two.payloads()]).toEqual([sent, sent])
  })

  it("what was set aside is not overwritten while the transport keeps it", async () => {
    const [one, two] = [keeping(), keeping()]
    const [outbox, other] = [outboxOver(one.duplex), outboxOver(two.duplex)]
    one.keep(true)
    for (const message of ["kept", "too"]) {
      outbox.text(0x81, message)
      outbox.flushLater()
      other.text(0x81, message)
      other.flushLater()
      await Promise.resolve()
    }
    expect([one.payloads(), two.payloads()]).toEqual([
      ["kept", "too"],
      ["kept", "too"]
    ])
  })

  it("are not overwritten while the transport keeps them", () => {
    const { duplex, keep, payloads } = keeping()
    const outbox = outboxOver(duplex)
    const other = keeping()
    keep(true)
    outbox.text(0x81, "kept")
    outbox.flush()
    outboxOver(other.duplex).text(0x81, "other")
    outbox.text(0x81, "too")
    outbox.flush()
    expect(outbox.buffered).toBe(10 + 9)
    expect(payloads()).toEqual(["kept", "too"])
    expect(other.payloads()).toEqual(["other"])
    keep(false)
    expect(outbox.buffered).toBe(0)
  })
})

/** A transport that passes nothing on until it is told to, and copies nothing before. */
class Slow {
  readonly passed: Array<Uint8Array> = []
  private kept: Array<Uint8Array> = []
  readonly duplex = {
    unsafeWrite: (chunks: ReadonlyArray<Uint8Array>) => void this.kept.push(...chunks),
    unsafeBuffered: () => this.kept.reduce((sum, { length }) => sum + length, 0)
  } as unknown as Duplex

  passOn(): void {
    this.passed.push(...this.kept.map((chunk) => chunk.slice()))
    this.kept = []
  }
}

const written = fc.record({
  to: fc.nat(9),
  size: fc.oneof(fc.nat(200), fc.nat(60_000)),
  passesOn: fc.boolean(),
  flushes: fc.boolean()
})

describe("transports that keep what they are given", () => {
  it("law: nothing of it changes until they have passed it on, however many connections send meanwhile", () => {
    fc.assert(
      fc.property(
        fc.array(written, { minLength: 20, maxLength: 80 }),
        fc.constantFrom<Role>("client", "server"),
        (steps, role) => {
          const slow = Array.from({ length: 10 }, () => new Slow())
          const outboxes = slow.map(({ duplex }) => outboxOver(duplex, role))
          const sent: ReadonlyArray<Array<Uint8Array>> = slow.map(() => [])
          for (const [n, { flushes, passesOn, size, to }] of steps.entries()) {
            outboxes[to].octets(0x82, octets(size, n))
            sent[to].push(octets(size, n))
            if (flushes) outboxes[to].flush()
            if (passesOn) slow[to].passOn()
          }
          for (const [to, { passed }] of slow.entries()) {
            outboxes[to].flush()
            slow[to].passOn()
            expect(parse(concat(...passed)).frames.map(({ payload }) => payload)).toEqual(sent[to])
          }
        }
      ),
      { numRuns: 60 }
    )
  })
})

describe("HARDENING A11, A05: what may be sent", () => {
  it("a view on a SharedArrayBuffer is copied before it is masked", () => {
    const { duplex, payloads } = keeping()
    const outbox = outboxOver(duplex)
    const shared = new Uint8Array(new SharedArrayBuffer(3))
    shared.set([65, 66, 67])
    outbox.octets(0x82, shared)
    shared.fill(0)
    outbox.flush()
    expect(payloads()).toEqual(["ABC"])
  })

  it("A10: octets that were transferred away are a defect, and no empty message", () => {
    const { duplex, payloads } = keeping()
    const outbox = outboxOver(duplex)
    const given = Uint8Array.of(65, 66)
    structuredClone(given, { transfer: [given.buffer] })
    expect(() => outbox.octets(0x82, given)).toThrow(TypeError)
    outbox.octets(0x82, new Uint8Array(0))
    outbox.octets(0x82, Uint8Array.of(67))
    outbox.flush()
    expect(payloads()).toEqual(["", "C"])
  })

  it("octets of a subclass and a part of a buffer are octets; anything else throws before the slab is touched", () => {
    const { duplex, payloads, writes } = keeping()
    const outbox = outboxOver(duplex)
    outbox.octets(0x82, Buffer.from("xyz").subarray(1, 2))
    for (const wrong of [5, "text", new Uint16Array(2), new ArrayBuffer(2), null]) {
      expect(() => outbox.octets(0x82, wrong as unknown as Uint8Array)).toThrow(TypeError)
    }
    outbox.flush()
    expect(payloads()).toEqual(["y"])
    expect(writes.length).toBe(1)
  })
})

const message: fc.Arbitrary<Message> = fc.oneof(
  fc.fullUnicodeString({ maxLength: 60 }),
  fc.integer({ min: 0, max: 300 }).map((size) => octets(size, size)),
  fc.constantFrom(20_000, 65_522, 65_523, 70_000).map((size) => octets(size, size)),
  fc.constantFrom(1000, 30_000).map((size) => "€".repeat(size))
)

const step = fc.record({
  to: fc.nat(3),
  how: fc.constantFrom("send", "unsafeSend", "sendAll", "sendPrepared", "pong", "turn", "yield"),
  message
})

const received = (peer: Peer): ReadonlyArray<string> => {
  const messages: Array<string> = []
  let parts: Array<Uint8Array> = []
  let first = 0
  for (const { fin, opcode, payload } of peer.frames) {
    if (opcode > 2) continue
    if (opcode > 0) first = opcode
    parts.push(payload)
    if (fin) messages.push(`${first} ${Buffer.concat(parts).toString(first === 1 ? "utf8" : "hex")}`)
    if (fin) parts = []
  }
  return messages
}

const shown = (sent: Message): string =>
  typeof sent === "string" ? `1 ${sent}` : `2 ${Buffer.from(sent).toString("hex")}`

describe("connections that write in turns", () => {
  it("never mix octets: each peer gets exactly its messages, in order", async () => {
    const program = (steps: ReadonlyArray<{ to: number; how: string; message: Message }>) =>
      Effect.gen(function* () {
        const open = yield* opener
        const ends = yield* Effect.forEach(["client", "server", "client", "server"] as const, (role) => open(role))
        const expected: Array<Array<string>> = ends.map(() => [])
        for (const { how, message, to } of steps) {
          const { ws } = ends[to]!
          if (how === "turn") yield* hostTurn
          else if (how === "yield") yield* Effect.yieldNow()
          else if (how === "pong") yield* ws.pong(utf8("pong"))
          else {
            if (how === "send") yield* ws.send(message)
            else if (how === "sendPrepared") yield* ws.sendPrepared(new PreparedMessage(message))
            else if (how === "sendAll") yield* ws.sendAll([message, message])
            else if (!ws.unsafeSend(message)) continue
            expected[to]?.push(shown(message))
            if (how === "sendAll") expected[to]?.push(shown(message))
          }
        }
        yield* until(() => ends.every(({ peer }, to) => received(peer).length >= (expected[to]?.length ?? 0)))
        expect(ends.map(({ peer }) => received(peer))).toEqual(expected)
      })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const exit = await Effect.runPromiseExit(Effect.scoped(program(steps)))
        if (Exit.isFailure(exit)) throw new Error(String(exit.cause))
      }),
      { numRuns: 40 }
    )
  })
})
