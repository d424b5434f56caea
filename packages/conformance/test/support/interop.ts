/** What two implementations must be able to do with each other, as data: the same text for every pair of partners. */
import type * as net from "node:net"
import { describe, expect, it } from "@effect/vitest"
import type { AgreedDeflate } from "@effect-websocket/protocol/extension/PerMessageDeflate"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { CompressionOptions } from "effect-websocket/Compression"
import type { Message, WebSocket } from "effect-websocket/WebSocket"
import type * as Ws from "ws"
import { leavesNothing } from "./leaks.js"
import type { Partner } from "./Partner.js"

/** A connection, with our end and theirs. */
export interface Pair {
  readonly ours: WebSocket
  readonly theirs: Partner
}

/** Opens a connection over TCP; the client offers these subprotocols, the server supports "chat". */
export type Open = (offered?: ReadonlyArray<string>) => Effect.Effect<Pair, unknown, Scope.Scope>

type Dialogue = (pair: Pair) => Effect.Effect<void, unknown>

const octets = (length: number): Uint8Array => new Uint8Array(length).map((_, index) => index * 7 + (index >> 8))

const large = 5 * 1024 * 1024

const oneToThousand = Array.from({ length: 1000 }, (_, index) => `message ${index}`)

/** As octets: the test runner takes long to compare them one by one. */
const expectSame = (received: Message, message: Message): void => {
  expect(typeof received).toBe(typeof message)
  expect(Buffer.compare(Buffer.from(received as string), Buffer.from(message as string))).toBe(0)
}

const exchange: Dialogue = ({ ours, theirs }) =>
  Effect.gen(function* () {
    for (const message of ["Hello", "", "é, €, \u{1f600}", octets(0), octets(125), octets(126), octets(65_536)]) {
      yield* ours.send(message)
      expectSame(yield* theirs.receive, message)
      theirs.send(message)
      expectSame(yield* ours.receive, message)
    }
  })

const exchangeLarge: Dialogue = ({ ours, theirs }) =>
  Effect.gen(function* () {
    for (const message of ["x".repeat(large), octets(large)]) {
      yield* Effect.fork(ours.send(message))
      const there = yield* theirs.receive
      theirs.send(message)
      const here = yield* ours.receive
      for (const received of [there, here]) expectSame(received, message)
    }
  })

const thousandEachWay: Dialogue = ({ ours, theirs }) =>
  Effect.gen(function* () {
    const sending = yield* Effect.fork(ours.sendAll(oneToThousand))
    for (const message of oneToThousand) theirs.send(message)
    for (const message of oneToThousand) {
      expect(yield* theirs.receive).toBe(message)
      expect(yield* ours.receive).toBe(message)
    }
    yield* Fiber.join(sending)
  })

const fragments: Dialogue = ({ ours, theirs }) =>
  Effect.gen(function* () {
    const parts = ["one, ", "", "two, ", "three"]
    yield* ours.sendStream("text", Stream.fromIterable(parts))
    expect(yield* theirs.receive).toBe("one, two, three")
    if (theirs.sendFragments === undefined) return
    theirs.sendFragments(parts)
    expect(yield* ours.receive).toBe("one, two, three")
  })

const pings: Dialogue = ({ ours, theirs }) =>
  Effect.gen(function* () {
    yield* ours.ping()
    yield* ours.ping(new Uint8Array(125))
    const seen = yield* Effect.fork(Stream.runHead(ours.controlFrames))
    yield* Effect.yieldNow()
    if (theirs.ping === undefined) return
    yield* theirs.ping
    expect(Option.getOrThrow(yield* Fiber.join(seen))._tag).toBe("Ping")
  })

const weClose: Dialogue = ({ ours, theirs }) =>
  Effect.gen(function* () {
    const closure = yield* ours.close(4000, "we close, é")
    expect(yield* theirs.closed).toEqual({ code: 4000, reason: "we close, é" })
    expect(closure).toMatchObject({ initiator: "local", clean: true })
    expect(Option.getOrThrow(closure.received).code).toBe(4000)
  })

const theyClose: Dialogue = ({ ours, theirs }) =>
  Effect.gen(function* () {
    theirs.close(3001, "they close, é")
    const error = yield* Effect.flip(ours.receive)
    expect(error._tag).toBe("Closed")
    expect(yield* ours.closed).toMatchObject({
      initiator: "remote",
      clean: true,
      received: Option.some({ code: 3001, reason: "they close, é" })
    })
    expect((yield* theirs.closed).code).toBe(3001)
  })

const theyCloseWithoutCode: Dialogue = ({ ours, theirs }) =>
  Effect.gen(function* () {
    if (theirs.alwaysHasCode === true) return
    theirs.close()
    const { clean, received } = yield* ours.closed
    expect([clean, Option.getOrThrow(received).code]).toEqual([true, 1005])
    expect((yield* theirs.closed).code).toBe(1005)
  })

const weGoAway: Dialogue = ({ ours, theirs }) =>
  Effect.gen(function* () {
    const socket = ours.info.native as net.Socket
    socket.destroy()
    expect((yield* theirs.closed).code).toBe(1006)
    expect((yield* Effect.flip(ours.receive))._tag).toBe("TransportError")
  })

const theyGoAway: Dialogue = ({ ours, theirs }) =>
  Effect.gen(function* () {
    theirs.terminate?.()
    if (theirs.terminate === undefined) return
    expect((yield* Effect.flip(ours.receive))._tag).toBe("TransportError")
    expect((yield* ours.closed).clean).toBe(false)
  })

const dialogues: Readonly<Record<string, Dialogue>> = {
  "RFC 6455 §5.6: text and binary, empty and not, both ways": exchange,
  "messages of 5 MiB, both ways": exchangeLarge,
  "1000 messages each way at a time, in order": thousandEachWay,
  "RFC 6455 §5.4: fragments, both ways": fragments,
  "RFC 6455 §5.5.2: Pings, both ways": pings,
  "RFC 6455 §7.1: we close, with code and reason": weClose,
  "RFC 6455 §7.1: they close, with code and reason": theyClose,
  "RFC 6455 §7.1.5: they close without a code": theyCloseWithoutCode,
  "RFC 6455 §7.1.5: we go away": weGoAway,
  "RFC 6455 §7.1.5: they go away": theyGoAway
}

/** permessage-deflate between us and `ws`: what each of both is told, and what they must agree on. */
export interface DeflateCase {
  readonly ours: CompressionOptions | true
  readonly theirs: Ws.PerMessageDeflateOptions | true
  readonly agreed: AgreedDeflate
}

const agreement = (serverMaxWindowBits: number, clientMaxWindowBits: number, noContextTakeover = false) => ({
  serverNoContextTakeover: noContextTakeover,
  clientNoContextTakeover: noContextTakeover,
  serverMaxWindowBits,
  clientMaxWindowBits
})

const each = { serverNoContextTakeover: true, clientNoContextTakeover: true, threshold: 0 }

/** The ways to agree on permessage-deflate (RFC 7692 §7.1). */
export const deflateCases: Readonly<Record<string, DeflateCase>> = {
  "with our defaults": { ours: true, theirs: true, agreed: agreement(12, 12) },
  "each message on its own, small ones too": { ours: each, theirs: each, agreed: agreement(12, 12, true) },
  "with windows of their choice, small messages too": {
    ours: { serverMaxWindowBits: 15, clientMaxWindowBits: 15, threshold: 0 },
    theirs: { serverMaxWindowBits: 10, clientMaxWindowBits: 9, threshold: 0 },
    agreed: agreement(10, 9)
  }
}

/** Both tell that permessage-deflate was agreed on. */
export const expectDeflate = ({ ours, theirs }: Pair, agreed: AgreedDeflate): void => {
  expect(Option.getOrThrow(ours.compression)).toEqual(agreed)
  expect(theirs.extensions).toMatch(/^permessage-deflate/)
}

/** Runs all dialogues with this pair of partners. */
export const interop = (name: string, open: Open): void => {
  describe(name, () => {
    leavesNothing()
    for (const [sentence, dialogue] of Object.entries(dialogues)) {
      it.scopedLive(sentence, () => Effect.flatMap(open(), dialogue))
    }

    it.scopedLive("RFC 6455 §1.9: a subprotocol is agreed", () =>
      Effect.map(open(["superchat", "chat"]), ({ ours, theirs }) => {
        expect(ours.negotiated.subprotocol).toBe("chat")
        expect(theirs.subprotocol).toBe("chat")
      })
    )
  })
}
