import { createHash } from "node:crypto"
import type * as net from "node:net"
import { describe, expect, it } from "@effect/vitest"
import { deflate } from "@effect-websocket/protocol/handshake/Negotiated"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { CompressionOptions } from "effect-websocket/Compression"
import type { Message, WebSocket } from "effect-websocket/WebSocket"
import { type BeastPair, beastPairs, needsBeast, type OpenBeast } from "../support/beastPairs.js"
import type { BeastOptions } from "../support/beastPeer.js"
import { interop } from "../support/interop.js"
import { leavesNothing } from "../support/leaks.js"
import { tagsOf } from "../support/underTest.js"

/** Octets which nothing makes shorter, always the same ones. */
const random = (length: number): Buffer =>
  createHash("shake256", { outputLength: length }).update("incompressible").digest()

/**
 * Blocks of random octets, each twice: what is repeated lies somewhat more than 2^8, 2^9, … 2^14 octets back, so that who uses
 * a larger window than was agreed on is not understood.
 */
const distances = Buffer.concat(
  [8, 9, 10, 11, 12, 13, 14].flatMap((bits) => {
    const block = random(2 ** bits + 2 ** (bits - 1))
    return [block, block]
  })
)

const json = JSON.stringify(
  Array.from({ length: 200 }, (_, id) => ({
    id,
    name: `user ${id * 7919}`,
    tags: ["a", "é", "€"],
    active: id % 3 === 0
  }))
)

const messages: Readonly<Record<string, Message>> = {
  "an empty one": "",
  "one character": "x",
  "the same again": "Hello, Hello, Hello, Hello, ".repeat(8),
  "JSON of 16 KiB": json,
  "64 KiB of noise": new Uint8Array(random(65_536)),
  "repetitions at all distances": new Uint8Array(distances)
}

const large = 5 * 1024 * 1024

const largeText = json.repeat(Math.ceil(large / json.length)).slice(0, large)

const largeOctets = new Uint8Array(random(large))

/** What either side wants. */
interface Wishes {
  readonly ours?: CompressionOptions
  readonly theirs?: BeastOptions
}

const bitsOf = (bits: number): Readonly<Record<string, Wishes>> => ({
  [`window bits ${bits} of the server, ${24 - bits} of the client, as we want it`]: {
    ours: { serverMaxWindowBits: bits, clientMaxWindowBits: 24 - bits }
  },
  [`window bits ${bits} of the server, ${24 - bits} of the client, as Beast wants it`]: {
    ours: { serverMaxWindowBits: 15, clientMaxWindowBits: 15 },
    theirs: { server_max_window_bits: bits, client_max_window_bits: 24 - bits }
  }
})

const levelsOf = (level: number): Readonly<Record<string, Wishes>> => ({
  [`level ${level}`]: { ours: { level }, theirs: { compLevel: level } }
})

const wishes: Readonly<Record<string, Wishes>> = {
  "the defaults of both": {},
  "server_no_context_takeover, as we want it": { ours: { serverNoContextTakeover: true } },
  "client_no_context_takeover, as we want it": { ours: { clientNoContextTakeover: true } },
  "server_no_context_takeover, as Beast wants it": { theirs: { server_no_context_takeover: 1 } },
  "client_no_context_takeover, as Beast wants it": { theirs: { client_no_context_takeover: 1 } },
  "no context takeover at all": {
    ours: { clientNoContextTakeover: true, serverNoContextTakeover: true },
    theirs: { client_no_context_takeover: 1, server_no_context_takeover: 1 }
  },
  ...Object.assign({}, ...[9, 10, 11, 12, 13, 14, 15].map(bitsOf)),
  ...Object.assign({}, ...[0, 1, 9].map(levelsOf)),
  "a small window of the server as we want it, of the client as Beast wants it": {
    ours: { serverMaxWindowBits: 10, clientMaxWindowBits: 15 },
    theirs: { client_max_window_bits: 10 }
  },
  "little memory": { ours: { memLevel: 1 }, theirs: { memLevel: 1 } },
  "much memory": { ours: { memLevel: 9 }, theirs: { memLevel: 9 } },
  "threshold 0": { ours: { threshold: 0 } },
  "threshold 1000": { ours: { threshold: 1000 } },
  "we compress nothing": { ours: { threshold: Infinity } }
}

const number = (options: BeastOptions | undefined, name: string, otherwise: number): number =>
  Number(options?.[name] ?? otherwise)

/** RFC 7692 §7.1: the smaller window, and no context takeover if one side does not want it (P-15). */
const expected = ({ ours = {}, theirs }: Wishes) => ({
  serverNoContextTakeover:
    ours.serverNoContextTakeover === true || number(theirs, "server_no_context_takeover", 0) === 1,
  clientNoContextTakeover:
    ours.clientNoContextTakeover === true || number(theirs, "client_no_context_takeover", 0) === 1,
  serverMaxWindowBits: Math.min(ours.serverMaxWindowBits ?? 12, number(theirs, "server_max_window_bits", 15)),
  clientMaxWindowBits: Math.min(ours.clientMaxWindowBits ?? 12, number(theirs, "client_max_window_bits", 15))
})

const openDeflated = (open: OpenBeast, { ours = {}, theirs }: Wishes = {}) =>
  open({ ours: { compression: ours }, theirs: { deflate: 1, ...theirs } })

/** Sends a message each way. */
const exchange = ({ ours, theirs }: BeastPair, message: Message) =>
  Effect.gen(function* () {
    const sending = yield* Effect.fork(ours.send(message))
    theirs.send(message)
    const received = [yield* theirs.receive, yield* ours.receive]
    for (const each of received) {
      expect(typeof each).toBe(typeof message)
      expect(Buffer.compare(Buffer.from(each as string), Buffer.from(message as string))).toBe(0)
    }
    yield* Fiber.join(sending)
  })

/** How many octets were on the wire meanwhile. */
const onTheWire = (ours: WebSocket, use: Effect.Effect<void, unknown>) =>
  Effect.gen(function* () {
    const socket = ours.info.native as net.Socket
    const [read, written] = [socket.bytesRead, socket.bytesWritten]
    yield* use
    return { read: socket.bytesRead - read, written: socket.bytesWritten - written }
  })

type Case = (open: OpenBeast) => Effect.Effect<void, unknown, Scope.Scope>

const exchangeAll =
  (wish: Wishes): Case =>
  (open) =>
    Effect.gen(function* () {
      const pair = yield* openDeflated(open, wish)
      const agreed = deflate(pair.ours.negotiated)
      expect(agreed).toEqual(expected(wish))
      expect(agreed).toMatchObject(pair.theirs.deflate!)
      // Twice: the second time there is a context.
      for (const message of [...Object.values(messages), ...Object.values(messages)]) yield* exchange(pair, message)
      const { read, written } = yield* onTheWire(pair.ours, exchange(pair, json))
      const isShort = {
        ours: wish.ours?.level !== 0 && wish.ours?.threshold !== Infinity,
        theirs: wish.ours?.level !== 0
      }
      expect([written < json.length / 3, read < json.length / 3]).toEqual([isShort.ours, isShort.theirs])
    })

const exchangeLarge: Case = (open) =>
  Effect.gen(function* () {
    for (const wish of [{}, wishes["no context takeover at all"]!, { ours: { serverMaxWindowBits: 9 } }]) {
      const pair = yield* openDeflated(open, wish)
      for (const message of [largeText, largeOctets]) yield* exchange(pair, message)
    }
  })

const declined: Case = (open) =>
  Effect.gen(function* () {
    const weAlone = yield* open({ ours: { compression: true } })
    const theyAlone = yield* open({ theirs: { deflate: 1 } })
    for (const { ours, theirs } of [weAlone, theyAlone]) {
      expect([deflate(ours.negotiated), theirs.deflate, theirs.extensions]).toEqual([undefined, undefined, ""])
      yield* exchange({ ours, theirs }, json)
    }
  })

const fragments: Case = (open) =>
  Effect.gen(function* () {
    const { ours, theirs } = yield* open({
      ours: { compression: { threshold: 0 }, limits: { fragmentSize: 64 } },
      theirs: { deflate: 1, write_buffer_bytes: 64 }
    })
    const parts = ["", "one, ", json, "", "two"]
    for (const _ of ["first", "with a context"]) {
      yield* exchange({ ours, theirs }, json)
      theirs.sendFragments(parts)
      expect(yield* ours.receive).toBe(parts.join(""))
      yield* ours.sendStream("text", Stream.fromIterable(parts))
      expect(yield* theirs.receive).toBe(parts.join(""))
    }
  })

const control: Case = (open) =>
  Effect.gen(function* () {
    const { ours, theirs } = yield* openDeflated(open, { ours: { threshold: 0 } })
    theirs.sendPart(json, "more")
    theirs.sendPing("between")
    theirs.sendPart("two", "last")
    expect([yield* ours.receive, yield* theirs.nextPong]).toEqual([`${json}two`, "between"])
    const second = Effect.as(ours.ping(new Uint8Array(Buffer.from("between"))), "two")
    yield* ours.sendStream("text", Stream.concat(Stream.make(json), Stream.fromEffect(second)))
    expect([yield* theirs.receive, yield* theirs.nextPing]).toEqual([`${json}two`, "between"])
  })

const closes: Case = (open) =>
  Effect.gen(function* () {
    const { ours, theirs } = yield* openDeflated(open)
    yield* exchange({ ours, theirs }, json)
    expect((yield* ours.close(4000, "done")).clean).toBe(true)
    expect(yield* theirs.closed).toEqual({ code: 4000, reason: "done" })
  })

const failure = (ours: WebSocket) => Effect.map(Effect.flip(ours.receive), tagsOf)

const tooBigForUs: Case = (open) =>
  Effect.gen(function* () {
    const limits = { maxMessageSize: 100_000 }
    const { ours, theirs } = yield* open({ ours: { compression: true, limits }, theirs: { deflate: 1 } })
    theirs.send("x".repeat(100_000))
    expect(yield* ours.receive).toBe("x".repeat(100_000))
    theirs.send("x".repeat(100_001))
    expect(yield* failure(ours)).toBe("ProtocolError.MessageTooBig")
    expect((yield* theirs.closed).code).toBe(1009)
  })

const tooBigForThem: Case = (open) =>
  Effect.gen(function* () {
    const { ours, theirs } = yield* openDeflated(open, { theirs: { read_message_max: 100_000 } })
    yield* ours.send("x".repeat(100_000))
    expect(yield* theirs.receive).toBe("x".repeat(100_000))
    yield* ours.send("x".repeat(100_001))
    expect(yield* failure(ours)).toBe("Closed")
    expect(Option.getOrThrow((yield* ours.closed).received).code).toBe(1009)
    expect(yield* theirs.failed).toBe("message_too_big")
  })

const badText: Case = (open) =>
  Effect.gen(function* () {
    const { ours, theirs } = yield* openDeflated(open)
    theirs.sendText(Buffer.concat([Buffer.from(json), Buffer.of(0xff)]))
    expect(yield* failure(ours)).toBe("ProtocolError.BadFramePayload")
    expect((yield* theirs.closed).code).toBe(1007)
  })

const cases: Readonly<Record<string, Case>> = {
  "messages of 5 MiB": exchangeLarge,
  "RFC 7692 §5.1: one side alone does not compress": declined,
  "RFC 7692 §6.1, MW-10, MW-11: compressed messages in fragments, both ways": fragments,
  "RFC 6455 §5.4: Pings between compressed fragments, both ways": control,
  "RFC 6455 §7.1: a close after compressed messages": closes,
  "RFC 6455 §7.4.1, P-21: a message that becomes too big for us": tooBigForUs,
  "RFC 6455 §7.4.1, P-21: a message that becomes too big for Beast": tooBigForThem,
  "RFC 6455 §8.1, MR-07: compressed text that is no UTF-8": badText
}

needsBeast()

for (const [name, open] of Object.entries(beastPairs)) {
  interop(`${name}, compressed`, (offered) =>
    open({ offered, ours: { compression: { threshold: 0 } }, theirs: { deflate: 1 } })
  )

  describe(`permessage-deflate: ${name}`, () => {
    leavesNothing()
    for (const [sentence, wish] of Object.entries(wishes)) {
      it.scopedLive(`RFC 7692 §7.1, P-15: ${sentence}`, () => exchangeAll(wish)(open))
    }
    for (const [sentence, run] of Object.entries(cases)) it.scopedLive(sentence, () => run(open))
  })
}
