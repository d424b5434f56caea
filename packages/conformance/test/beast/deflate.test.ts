import * as zlib from "node:zlib"
import { describe, expect, it } from "@effect/vitest"
import * as NodeCompression from "@effect-websocket/node/NodeCompression"
import { deflate as agreedOf } from "@effect-websocket/protocol/handshake/Negotiated"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import type { CompressionOptions } from "effect-websocket/Compression"
import type { LimitOptions } from "effect-websocket/Limits"
import * as Listener from "effect-websocket/Listener"
import * as MemoryTransport from "effect-websocket/MemoryTransport"
import * as CuttingTransport from "effect-websocket/testing/CuttingTransport"
import * as RecordingTransport from "effect-websocket/testing/RecordingTransport"
import * as WebSocket from "effect-websocket/WebSocket"
import * as WebSocketServer from "effect-websocket/WebSocketServer"
import { drives, fromHex, type Written } from "../support/corpus.js"
import { leavesNoFiber } from "../support/fibers.js"
import { leavesNothing } from "../support/leaks.js"
import { together } from "../support/operations.js"
import { type Place, places } from "../support/places.js"
import { echo, type Outcome } from "../support/underTest.js"
import { frame, hear, parseFrames, requestOf } from "../support/wire.js"
import { differs, titled } from "./deviations.js"

const layers = (place: Place) => [WebSocket.layer, NodeCompression.layer, place.layer] as const

/** The settings of Beast's tests: everything is compressed. */
const everything: CompressionOptions = { serverMaxWindowBits: 15, clientMaxWindowBits: 15, threshold: 0 }

/** Our server in the background; what becomes of its first connection. */
const serving = (compression: CompressionOptions, limits: LimitOptions) =>
  Effect.gen(function* () {
    const outcome = yield* Deferred.make<Outcome>()
    const handler = (ws: WebSocket.WebSocket) => Effect.flatMap(echo(ws), (how) => Deferred.succeed(outcome, how))
    yield* Effect.forkScoped(WebSocketServer.run(handler, { compression, limits }))
    return Deferred.await(outcome)
  })

const offering = requestOf("permessage-deflate")

/** Octets of a client that has agreed on permessage-deflate, and what our server makes of them. */
interface Received {
  readonly name: string
  readonly octets: Written
  readonly limits?: LimitOptions
  /** What is delivered, and how the connection ends: 1000 is the Close of the client. */
  readonly messages?: ReadonlyArray<string>
  readonly error?: string
  readonly close?: number
  readonly differs?: string
}

const against = (place: Place, each: Received, pieces: ReadonlyArray<Uint8Array>) =>
  Effect.gen(function* () {
    const { close = 1000, error = "Closed", limits = {}, messages = [] } = each
    const outcome = yield* serving({}, limits)
    const peer = yield* place.toServer
    yield* peer.write([Buffer.from(offering)])
    const head = yield* peer.head
    expect(head).toMatch(/^Sec-WebSocket-Extensions: permessage-deflate/m)
    yield* peer.write(pieces)
    if (close === 1000) yield* peer.write([frame(0x88, Buffer.of(0x03, 0xe8), "client")])
    const heard = hear((yield* peer.all).subarray(head.length))
    expect(heard.close).toBe(close)
    expect(yield* outcome).toMatchObject({ messages, error })
  })

/** A masked frame of fewer than 126 octets, or of a two-octet length, as hexadecimal digits. */
const masked = (first: number, payload: Uint8Array): string => {
  const key = [0x3a, 0xa1, 0x74, 0x3b]
  const length = payload.length < 126 ? [0x80 | payload.length] : [0xfe, payload.length >> 8, payload.length & 0xff]
  const octets = [first, ...length, ...key, ...payload.map((octet, index) => octet ^ key[index % 4]!)]
  return Buffer.from(octets).toString("hex")
}

/** A payload as RFC 7692 §7.2.1 has it, by zlib. */
const deflated = (text: string): Uint8Array =>
  new Uint8Array(zlib.deflateRawSync(text, { finishFlush: zlib.constants.Z_SYNC_FLUSH }).subarray(0, -4))

const hello = fromHex("f248cdc9c90700")
const badDeflate = { error: "ProtocolError.BadDeflate", close: 1007 }
const noClose = differs("data that do not inflate get no Close frame")
const long = "a message, and a message, and a message. ".repeat(20)

const received: ReadonlyArray<Received> = [
  {
    name: "doTestReadDeflate: message size limit",
    octets: masked(0xc1, deflated("*".repeat(128))),
    limits: { maxMessageSize: 32 },
    error: "ProtocolError.MessageTooBig",
    close: 1009
  },
  {
    name: "doTestReadDeflate: invalid inflate block",
    octets: masked(
      0xc2,
      Uint8Array.from({ length: 64 }, (_, index) => 0x07 + index * 37)
    ),
    ...badDeflate,
    differs: noClose
  },
  { name: "issue 3028: a compressed message, in one frame", octets: masked(0xc1, deflated(long)), messages: [long] },
  {
    name: "issue 1630: a block in several frames",
    octets: masked(0x41, hello.subarray(0, 3)) + masked(0x80, hello.subarray(3)),
    messages: ["Hello"]
  },
  {
    name: "issue 2879: a frame of 288230380446614262 octets",
    octets: ["c2ff04000000ffff02f6", "4c310d0a", { repeat: "66", times: 64 }],
    limits: { maxMessageSize: 2048 },
    error: "ProtocolError.FrameTooBig",
    close: 1009,
    differs: differs("the length of a compressed frame is not limited")
  },
  { name: "Bishop Fox 1", octets: "c1813aa1743b49", ...badDeflate, differs: noClose },
  { name: "Bishop Fox 2", octets: masked(0xc1, fromHex("0b000000fafafafa")), ...badDeflate, differs: noClose },
  {
    name: "a message that ends with BFINAL, and another one",
    octets: masked(0xc1, fromHex("f348cdc9c9070000")) + masked(0xc1, hello),
    messages: ["Hello", "Hello"],
    differs: differs("`BFINAL` ends the connection")
  },
  {
    name: "P-24: an uncompressed message between two compressed ones",
    octets:
      masked(0xc1, hello) + masked(0x81, Uint8Array.from(Buffer.from("plain"))) + masked(0xc1, fromHex("f200110000")),
    messages: ["Hello", "plain", "Hello"]
  },
  {
    name: "P-18: RSV1 on a continuation",
    octets: masked(0x41, hello.subarray(0, 3)) + masked(0xc0, hello.subarray(3)),
    error: "ProtocolError.BadReservedBits",
    close: 1002
  },
  {
    name: "P-18: RSV1 on a Ping",
    octets: masked(0xc9, new Uint8Array(0)),
    error: "ProtocolError.BadReservedBits",
    close: 1002
  },
  {
    name: "utf8: text is checked when it is inflated",
    octets: masked(
      0xc1,
      new Uint8Array(
        zlib.deflateRawSync(Buffer.of(0x48, 0xc3, 0x28), { finishFlush: zlib.constants.Z_SYNC_FLUSH }).subarray(0, -4)
      )
    ),
    error: "ProtocolError.BadFramePayload",
    close: 1007
  }
]

for (const [name, place] of Object.entries(places)) {
  describe(`Beast read2.cpp, read3.cpp: compressed messages, over ${name} (PARITY §17.5)`, () => {
    leavesNothing()
    for (const each of received) {
      for (const [way, pieces] of drives(fromHex(each.octets))) {
        it.scopedLive(titled(`${each.name}, ${way}`, each.differs), () =>
          against(place, each, pieces).pipe(Effect.provide(layers(place)))
        )
      }
    }
  })
}

const random = (length: number): Uint8Array => {
  let state = 1
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    return state >>> 24
  })
}

/** Our client, connected to our echoing server, both with these settings. */
const connected = (client: CompressionOptions, server: CompressionOptions = client) =>
  Effect.gen(function* () {
    yield* serving(server, {})
    return yield* WebSocket.connect(yield* Listener.uri("/"), { compression: client })
  })

describe("Beast handshake.cpp: doTestHandshake, get_status (PARITY §17.2)", () => {
  leavesNothing()
  it.scopedLive("a client's 14 bits and a server's limit of 9: active, server 9, client 14", () =>
    Effect.gen(function* () {
      const ws = yield* connected({ clientMaxWindowBits: 14 }, { ...everything, serverMaxWindowBits: 9 })
      expect(agreedOf(ws.negotiated)).toMatchObject({ serverMaxWindowBits: 9, clientMaxWindowBits: 14 })
    }).pipe(Effect.provide(layers(places.memory!)))
  )

  it.scopedLive("a server without it: inactive", () =>
    Effect.gen(function* () {
      yield* Effect.forkScoped(WebSocketServer.run((ws) => ws.closed))
      const ws = yield* WebSocket.connect(yield* Listener.uri("/"), { compression: true })
      expect(agreedOf(ws.negotiated)).toBeUndefined()
    }).pipe(Effect.provide(layers(places.memory!)))
  )
})

describe("Beast write.cpp: doTestWriteDeflate (PARITY §17.6)", () => {
  leavesNothing()
  const options: Readonly<Record<string, CompressionOptions>> = {
    deflate: { ...everything, level: 1 },
    "deflate, no context takeover": { ...everything, level: 1, clientNoContextTakeover: true },
    "read2.cpp: no_context_takeover": { ...everything, level: 1, serverNoContextTakeover: true }
  }
  for (const [name, compression] of Object.entries(options)) {
    it.live(name, () =>
      leavesNoFiber(
        Effect.gen(function* () {
          const ws = yield* connected(compression)
          for (const message of [random(2000), random(2000), "*".repeat(16384), ""]) {
            yield* ws.send(message)
            expect(yield* ws.receive).toEqual(message)
          }
        })
      ).pipe(Effect.provide(layers(places.memory!)))
    )
  }

  it.live("deflate, continuation", () =>
    leavesNoFiber(
      Effect.gen(function* () {
        const ws = yield* connected(everything)
        yield* ws.sendStream("text", Stream.make("Hel", "lo"))
        expect(yield* ws.receive).toBe("Hello")
      })
    ).pipe(Effect.provide(layers(places.memory!)))
  )

  for (const [name, place] of Object.entries(places)) {
    it.live(`testWriteSuspend: suspend on ping, deflate, over ${name}`, () =>
      leavesNoFiber(
        Effect.gen(function* () {
          const ws = yield* connected(everything)
          expect(yield* together(ws, ["write", "ping", "read"], "*".repeat(200_000))).toEqual({
            write: "written",
            ping: "pong",
            read: "the message"
          })
        })
      ).pipe(Effect.provide(layers(place)))
    )
  }

  it.live("issue 1630: a block over several buffers of 1536 octets", () =>
    leavesNoFiber(
      Effect.gen(function* () {
        const ws = yield* connected(everything)
        for (const message of [random(50_000), long.repeat(100)]) {
          yield* ws.send(message)
          expect(yield* ws.receive).toEqual(message)
        }
      })
    ).pipe(
      Effect.provide([
        WebSocket.layer,
        NodeCompression.layer,
        Layer.provideMerge(
          Layer.merge(CuttingTransport.layer({ size: 1536 }), CuttingTransport.layerListener({ size: 1536 })),
          MemoryTransport.layer
        )
      ])
    )
  )
})

/** The first octet and the size of the frame with which our client sends 256 stars. */
const sizeOnWire = (compression: CompressionOptions, compress?: boolean) =>
  Effect.gen(function* () {
    const ws = yield* connected(compression)
    const before = (yield* RecordingTransport.Recording).sent
    const skip = (yield* before).length
    yield* ws.send("*".repeat(256), compress === undefined ? {} : { compress })
    expect(yield* ws.receive).toBe("*".repeat(256))
    const { frames } = parseFrames(Buffer.from((yield* before).subarray(skip)))
    return { first: frames[0]!.first, size: frames[0]!.payload.length }
  }).pipe(
    Effect.provide([
      WebSocket.layer,
      NodeCompression.layer,
      Layer.provideMerge(RecordingTransport.layer, MemoryTransport.layer)
    ])
  )

describe("Beast write.cpp: what is compressed (PARITY §17.6)", () => {
  leavesNothing()
  it.scopedLive("issue 1666: a message is", () =>
    Effect.map(sizeOnWire(everything), ({ first, size }) => {
      expect(first).toBe(0xc1)
      expect(size).toBeLessThan(256)
    })
  )

  it.scopedLive("issue 226: not with { compress: false }", () =>
    Effect.map(sizeOnWire({ ...everything, threshold: 5 }, false), (sent) =>
      expect(sent).toEqual({ first: 0x81, size: 256 })
    )
  )

  it.scopedLive("issue 227: not below the threshold", () =>
    Effect.map(sizeOnWire({ ...everything, threshold: 260 }), (sent) =>
      expect(sent).toEqual({ first: 0x81, size: 256 })
    )
  )
})
