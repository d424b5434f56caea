/** RFC 7692 §5, §7.1: what is offered, what is answered, and what both sides then keep to. */
import { describe, expect, it } from "@effect/vitest"
import * as NodeCompression from "@effect-websocket/node/NodeCompression"
import type { AgreedDeflate } from "@effect-websocket/protocol/extension/PerMessageDeflate"
import type { Negotiated } from "@effect-websocket/protocol/handshake/Negotiated"
import * as Uri from "@effect-websocket/protocol/handshake/WebSocketUri"
import { Fields } from "@effect-websocket/protocol/http/Fields"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { CompressionChoice, CompressionOptions } from "effect-websocket/Compression"
import * as FrameStream from "effect-websocket/FrameStream"
import { Handshake } from "effect-websocket/Handshake"
import { Listener } from "effect-websocket/Listener"
import * as MemoryTransport from "effect-websocket/MemoryTransport"
import { Transport } from "effect-websocket/Transport"
import * as WebSocket from "effect-websocket/WebSocket"
import { OptionError } from "effect-websocket/WebSocketError"
import * as WebSocketServer from "effect-websocket/WebSocketServer"
import * as fc from "fast-check"
import { connected, DeflatePeer, other, type Role, roles, widest } from "../support/DeflatePeer.js"
import { leavesNothing } from "../support/leaks.js"
import { type Place, places } from "../support/places.js"
import { responseTo } from "../support/wire.js"

const above = Layer.merge(WebSocket.layer, NodeCompression.layer)
const layers = Layer.merge(above, MemoryTransport.layer)

/** The values of Sec-WebSocket-Extensions in a head. */
const extensionsIn = (head: string): ReadonlyArray<string> =>
  [...head.matchAll(/^Sec-WebSocket-Extensions: (.*)\r$/gm)].map((match) => match[1]!)

const agreement = (changes: Partial<AgreedDeflate> = {}): AgreedDeflate => ({
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
  ...changes
})

/** The offer of our client, and what becomes of the answer to it. */
const asking = (compression: CompressionChoice | undefined, answer?: string, place: Place = places.memory!) =>
  Effect.gen(function* () {
    const asked = yield* Deferred.make<string>()
    const ended = yield* Deferred.make<void>()
    const uri = yield* place.serve((raw) =>
      Effect.gen(function* () {
        const peer = new DeflatePeer(raw, "server")
        peer.head = yield* raw.head
        yield* Deferred.succeed(asked, peer.head)
        yield* raw.write([Buffer.from(responseTo(peer.head, answer))])
        yield* peer.closed
        yield* Deferred.succeed(ended, undefined)
      })
    )
    const connecting = Effect.map(WebSocket.connect(uri, { compression }), (ws) => ws.compression)
    const result = yield* Effect.either(Effect.scoped(connecting))
    yield* Deferred.await(ended)
    return { offers: extensionsIn(yield* Deferred.await(asked)), result }
  })

/** What our server answers to the field lines of a request, and what it has agreed on. */
const answering = (compression: CompressionChoice | undefined, ...offers: ReadonlyArray<string>) =>
  Effect.map(
    connected("server", {
      compression: compression ?? false,
      extension: offers.length === 0 ? null : offers.join("\r\nSec-WebSocket-Extensions: ")
    }),
    ({ peer, ws }) => ({ answers: extensionsIn(peer.head), agreed: Option.getOrUndefined(ws.compression), peer, ws })
  )

const windows = (serverMaxWindowBits: number, clientMaxWindowBits: number): CompressionOptions => ({
  serverMaxWindowBits,
  clientMaxWindowBits
})

describe("RFC 7692 §7.1, P-13: what our client offers", () => {
  leavesNothing()

  const table: ReadonlyArray<readonly [CompressionChoice | undefined, ReadonlyArray<string>]> = [
    [undefined, []],
    [false, []],
    [
      true,
      [
        "permessage-deflate; client_max_window_bits=12; server_max_window_bits=12, permessage-deflate; client_max_window_bits=12"
      ]
    ],
    [windows(15, 15), ["permessage-deflate; client_max_window_bits"]],
    [windows(15, 9), ["permessage-deflate; client_max_window_bits=9"]],
    [
      windows(9, 15),
      [
        "permessage-deflate; client_max_window_bits; server_max_window_bits=9, permessage-deflate; client_max_window_bits"
      ]
    ],
    [
      { ...windows(15, 15), serverNoContextTakeover: true },
      ["permessage-deflate; server_no_context_takeover; client_max_window_bits"]
    ],
    [
      { ...windows(15, 15), clientNoContextTakeover: true },
      ["permessage-deflate; client_no_context_takeover; client_max_window_bits"]
    ],
    [{ ...windows(15, 15), level: 9, memLevel: 9, threshold: 0 }, ["permessage-deflate; client_max_window_bits"]]
  ]

  for (const [compression, expected] of table) {
    it.scopedLive(`P-02, P-03 ${JSON.stringify(compression)}: ${expected.join() || "no field"}`, () =>
      Effect.gen(function* () {
        const { offers, result } = yield* asking(compression)
        expect(offers).toEqual(expected)
        // §5: a server may decline.
        expect(result).toMatchObject({ right: Option.none() })
      }).pipe(Effect.provide(layers))
    )
  }
})

describe("RFC 7692 §7.1, P-14, P-15: what our server answers", () => {
  leavesNothing()

  const one = (parameters: string) => `permessage-deflate${parameters}`
  const table: ReadonlyArray<readonly [string, CompressionOptions, string | undefined, Partial<AgreedDeflate>?]> = [
    ["", windows(15, 15), ""],
    ["; server_max_window_bits=14", windows(15, 15), "; server_max_window_bits=14", { serverMaxWindowBits: 14 }],
    ["; server_max_window_bits=15", windows(15, 15), "; server_max_window_bits=15"],
    ["; server_max_window_bits=8", windows(15, 15), undefined],
    ["", windows(10, 15), "; server_max_window_bits=10", { serverMaxWindowBits: 10 }],
    ["; server_max_window_bits=14", windows(10, 15), "; server_max_window_bits=10", { serverMaxWindowBits: 10 }],
    ["; server_max_window_bits=9", windows(10, 15), "; server_max_window_bits=9", { serverMaxWindowBits: 9 }],
    ["; client_max_window_bits", windows(15, 15), ""],
    ["; client_max_window_bits", windows(15, 10), "; client_max_window_bits=10", { clientMaxWindowBits: 10 }],
    ["; client_max_window_bits=12", windows(15, 15), "; client_max_window_bits=12", { clientMaxWindowBits: 12 }],
    ["; client_max_window_bits=12", windows(15, 10), "; client_max_window_bits=10", { clientMaxWindowBits: 10 }],
    ["; client_max_window_bits=9", windows(15, 10), "; client_max_window_bits=9", { clientMaxWindowBits: 9 }],
    ["; client_max_window_bits=8", windows(15, 15), "; client_max_window_bits=8", { clientMaxWindowBits: 8 }],
    ["", windows(15, 10), undefined],
    [
      "; server_no_context_takeover",
      windows(15, 15),
      "; server_no_context_takeover",
      { serverNoContextTakeover: true }
    ],
    [
      "; client_no_context_takeover",
      windows(15, 15),
      "; client_no_context_takeover",
      { clientNoContextTakeover: true }
    ],
    [
      "",
      { ...windows(15, 15), serverNoContextTakeover: true, clientNoContextTakeover: true },
      "; server_no_context_takeover; client_no_context_takeover",
      { serverNoContextTakeover: true, clientNoContextTakeover: true }
    ],
    [
      "; client_max_window_bits",
      {},
      "; client_max_window_bits=12; server_max_window_bits=12",
      { serverMaxWindowBits: 12, clientMaxWindowBits: 12 }
    ],
    ['; server_max_window_bits="10"', windows(15, 15), "; server_max_window_bits=10", { serverMaxWindowBits: 10 }],
    ["; SERVER_MAX_WINDOW_BITS=10", windows(15, 15), "; server_max_window_bits=10", { serverMaxWindowBits: 10 }]
  ]

  for (const [offer, options, answer, agreed] of table) {
    const sentence = answer === undefined ? "declined" : one(answer)
    it.scopedLive(`${one(offer)} for ${JSON.stringify(options)}: ${sentence}`, () =>
      Effect.gen(function* () {
        const accepted = yield* answering(options, one(offer))
        expect(accepted.answers).toEqual(answer === undefined ? [] : [one(answer)])
        expect(accepted.agreed).toEqual(answer === undefined ? undefined : agreement(agreed))
      }).pipe(Effect.provide(layers))
    )
  }

  const lists: ReadonlyArray<readonly [string, ReadonlyArray<string>, ReadonlyArray<string>]> = [
    ["the first one", [one("; server_max_window_bits=10, permessage-deflate")], [one("; server_max_window_bits=10")]],
    ["the first that can be met", [one("; server_max_window_bits=8, permessage-deflate")], [one("")]],
    [
      "the first that is valid",
      [one("; x=1, permessage-deflate; server_max_window_bits=11")],
      [one("; server_max_window_bits=11")]
    ],
    ["also in a later field line", ["x-webkit-deflate-frame", one("; foo"), one("")], [one("")]],
    ["under a name in other letters", ["PerMessage-Deflate"], [one("")]],
    ["not of another extension", ["bbf-usp-protocol, x-permessage-deflate"], []]
  ]

  for (const [which, offers, answers] of lists) {
    it.scopedLive(`RFC 7692 §5.1, Q6: of several offers, ${which}: ${offers.join(" | ")}`, () =>
      Effect.map(answering(widest, ...offers), (accepted) => expect(accepted.answers).toEqual(answers)).pipe(
        Effect.provide(layers)
      )
    )
  }

  it.scopedLive("P-02: an offer is ignored by a server that was given no option", () =>
    Effect.map(answering(undefined, one("")), ({ agreed, answers }) => {
      expect([agreed, answers]).toEqual([undefined, []])
    }).pipe(Effect.provide(layers))
  )

  it.scopedLive("nothing is answered where nothing was offered", () =>
    Effect.map(answering(true), ({ agreed, answers }) => {
      expect([agreed, answers]).toEqual([undefined, []])
    }).pipe(Effect.provide(layers))
  )
})

describe("RFC 7692 §7.1: an offer that is not valid is declined, not refused", () => {
  leavesNothing()

  const invalid = [
    "; foo",
    "; foo=bar",
    "; server_no_context_takeover; server_no_context_takeover",
    "; server_no_context_takeover; Server_No_Context_Takeover",
    "; server_no_context_takeover=true",
    "; client_no_context_takeover=1",
    "; server_max_window_bits",
    "; server_max_window_bits=7",
    "; server_max_window_bits=16",
    "; server_max_window_bits=08",
    "; server_max_window_bits=+9",
    "; server_max_window_bits=1e1",
    "; server_max_window_bits=99999999999999999999",
    "; client_max_window_bits=7",
    "; client_max_window_bits=16",
    "; client_max_window_bits=010",
    "; client_max_window_bits; client_max_window_bits=10"
  ]

  for (const parameters of invalid) {
    it.scopedLive(`${parameters.slice(2)}: the connection opens, and messages go uncompressed`, () =>
      Effect.gen(function* () {
        const { agreed, answers, peer, ws } = yield* answering(widest, `permessage-deflate${parameters}`)
        expect([agreed, answers]).toEqual([undefined, []])
        yield* peer.send("Hello", { compress: false })
        expect(yield* ws.receive).toBe("Hello")
        yield* ws.send("x".repeat(1000), { compress: true })
        expect((yield* peer.untilFrames(1))[0]?.first).toBe(0x81)
        expect(peer.messages).toEqual(["x".repeat(1000)])
        // RFC 6455 §5.2: RSV1 has no meaning then.
        yield* peer.send("Hello")
        expect(yield* peer.closed).toBe(1002)
        expect(yield* Effect.flip(ws.receive)).toMatchObject({ reason: { _tag: "BadReservedBits" } })
      }).pipe(Effect.provide(layers))
    )
  }
})

describe("RFC 7692 §7.1, P-16: our client measures the answer by its offers", () => {
  leavesNothing()

  const noTakeover = { ...windows(15, 15), serverNoContextTakeover: true, clientNoContextTakeover: true }
  const wrong: ReadonlyArray<readonly [CompressionChoice, string]> = [
    [false, "permessage-deflate"],
    [true, "x-webkit-deflate-frame"],
    [true, "permessage-deflate, permessage-deflate"],
    [true, "permessage-deflate, bbf-usp-protocol"],
    [true, "permessage-deflate; foo"],
    [true, "permessage-deflate; server_no_context_takeover; server_no_context_takeover"],
    [true, "permessage-deflate; server_no_context_takeover=1"],
    [true, "permessage-deflate; server_max_window_bits"],
    [true, "permessage-deflate; server_max_window_bits=16"],
    [true, "permessage-deflate; client_max_window_bits"],
    [true, "permessage-deflate; client_max_window_bits=08"],
    [true, "permessage-deflate; client_max_window_bits=8"],
    [noTakeover, "permessage-deflate"],
    [noTakeover, "permessage-deflate; client_no_context_takeover"],
    [true, "permessage-deflate;"]
  ]

  for (const [place, where] of Object.entries(places)) {
    for (const [compression, answer] of wrong) {
      it.scopedLive(`${answer} to ${JSON.stringify(compression)}: BadExtensions, and ${place} is closed`, () =>
        Effect.gen(function* () {
          const { offers, result } = yield* asking(compression, answer, where)
          expect(result).toMatchObject({
            left: {
              _tag: "HandshakeError",
              role: "client",
              reason: { _tag: "BadExtensions", offered: offers.join(), chosen: answer }
            }
          })
        }).pipe(Effect.provide(above), Effect.provide(where.layer))
      )
    }
  }

  const right: ReadonlyArray<readonly [CompressionChoice, string, AgreedDeflate]> = [
    // The second of the two offers: a server that does not know server_max_window_bits.
    [true, "permessage-deflate", agreement({ clientMaxWindowBits: 12 })],
    [
      true,
      "permessage-deflate; server_max_window_bits=12; client_max_window_bits=12",
      agreement({ serverMaxWindowBits: 12, clientMaxWindowBits: 12 })
    ],
    // §7.1.2.2: our own limit binds us, whatever the answer allows.
    [true, "permessage-deflate; client_max_window_bits=15", agreement({ clientMaxWindowBits: 12 })],
    [
      true,
      "permessage-deflate; client_max_window_bits=9; server_max_window_bits=8",
      agreement({ clientMaxWindowBits: 9, serverMaxWindowBits: 8 })
    ],
    // §7.1.1.1, §7.1.1.2: a server may ask for more than was offered.
    [
      windows(15, 15),
      "permessage-deflate; client_no_context_takeover; server_no_context_takeover",
      agreement({ serverNoContextTakeover: true, clientNoContextTakeover: true })
    ],
    // §7.1.1.2: a client that offered it keeps to it.
    [
      noTakeover,
      "permessage-deflate; server_no_context_takeover",
      agreement({ serverNoContextTakeover: true, clientNoContextTakeover: true })
    ]
  ]

  for (const [compression, answer, agreed] of right) {
    it.scopedLive(`${answer} to ${JSON.stringify(compression)} is agreed`, () =>
      Effect.gen(function* () {
        const { result } = yield* asking(compression, answer)
        expect(result).toMatchObject({ right: { value: agreed } })
      }).pipe(Effect.provide(layers))
    )
  }
})

describe("RFC 7692 §7.1, P-04 to P-06, P-11: our client and our server", () => {
  leavesNothing()

  const bits = fc.integer({ min: 9, max: 15 })
  const choices = fc.option(
    fc.record(
      {
        serverNoContextTakeover: fc.boolean(),
        clientNoContextTakeover: fc.boolean(),
        serverMaxWindowBits: bits,
        clientMaxWindowBits: bits
      },
      { requiredKeys: [] }
    ),
    { freq: 8 }
  )
  type Choice = Partial<AgreedDeflate> | null

  /** What both must come to. */
  const expected = (client: Choice, server: Choice): AgreedDeflate | undefined => {
    if (client === null || server === null) return undefined
    const [ofClient, ofServer] = [client, server].map((options) =>
      agreement({ serverMaxWindowBits: 12, clientMaxWindowBits: 12, ...options })
    )
    return {
      serverNoContextTakeover: ofClient!.serverNoContextTakeover || ofServer!.serverNoContextTakeover,
      clientNoContextTakeover: ofClient!.clientNoContextTakeover || ofServer!.clientNoContextTakeover,
      serverMaxWindowBits: Math.min(ofClient!.serverMaxWindowBits, ofServer!.serverMaxWindowBits),
      clientMaxWindowBits: Math.min(ofClient!.clientMaxWindowBits, ofServer!.clientMaxWindowBits)
    }
  }

  const met = (client: Choice, server: Choice) =>
    Effect.gen(function* () {
      const accepted = yield* Deferred.make<WebSocket.WebSocket>()
      const handler = (ws: WebSocket.WebSocket) => Effect.zipRight(Deferred.succeed(accepted, ws), ws.closed)
      yield* Effect.forkScoped(WebSocketServer.run(handler, { compression: server ?? false }))
      const near = yield* WebSocket.connect("ws://memory/", { compression: client ?? false })
      const far = yield* Deferred.await(accepted)
      return [near, far].map(({ compression }) => Option.getOrUndefined(compression))
    }).pipe(Effect.scoped, Effect.provide(layers))

  it("both come to the same: the smaller windows, and no context takeover as soon as one does not want it", () =>
    fc.assert(
      fc.asyncProperty(choices, choices, async (client, server) => {
        const agreed = expected(client, server)
        expect(await Effect.runPromise(met(client, server))).toEqual([agreed, agreed])
      }),
      { numRuns: 40 }
    ))
})

/** A Transport and a Listener with which nothing must be begun. */
const untouched = Effect.map(Deferred.make<string>(), (touched) => ({
  touched,
  layer: Layer.merge(
    Layer.succeed(Transport, {
      connect: () => Effect.zipRight(Deferred.succeed(touched, "connect"), Effect.never)
    }),
    Layer.succeed(Listener, {
      address: { _tag: "MemoryAddress", name: "untouched" },
      secure: false,
      accept: () => Effect.zipRight(Deferred.succeed(touched, "accept"), Effect.never)
    })
  )
}))

const ignore = () => Effect.void

type Attempt = (
  compression: CompressionChoice
) => Effect.Effect<unknown, unknown, Transport | Scope.Scope | WebSocketServer.Requirements>

const uri = Uri.parse("ws://127.0.0.1/") as Uri.WebSocketUri

/** A handshake on a connection of its own, on which nothing must be written. */
const handshaking =
  (role: Role): Attempt =>
  (compression) =>
    Effect.gen(function* () {
      const [client, server] = yield* MemoryTransport.pair()
      const written: Array<Uint8Array> = []
      const far = role === "client" ? server : client
      far.unsafeReceive((octets) => written.push(octets.slice()), ignore)
      const handshake = yield* Handshake
      const asking: Effect.Effect<unknown, unknown> =
        role === "client" ? handshake.client(client, uri, { compression }) : handshake.server(server, { compression })
      const exit = yield* Effect.exit(asking)
      yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
      expect(written).toEqual([])
      return yield* exit
    })

/** Everything that takes the option before it opens anything. */
const attempts: Readonly<Record<string, Attempt>> = {
  "WebSocket.connect": (compression) => WebSocket.connect("ws://127.0.0.1/", { compression }),
  "WebSocketServer.run": (compression) => WebSocketServer.run(ignore, { compression }),
  "WebSocketServer.serve, as a layer": (compression) => Layer.build(WebSocketServer.serve(ignore, { compression })),
  "Handshake.client": handshaking("client"),
  "Handshake.server": handshaking("server")
}

/** With what the attempt fails, before anything was opened or written. */
const failureOf = (attempt: Attempt, compression: CompressionChoice) =>
  Effect.gen(function* () {
    const { layer, touched } = yield* untouched
    const error = yield* Effect.flip(attempt(compression)).pipe(Effect.provide(Layer.merge(WebSocket.layer, layer)))
    expect(yield* Deferred.isDone(touched)).toBe(false)
    return error
  })

describe("L-02: without the service there is no compression, and nothing is opened or sent", () => {
  leavesNothing()

  const noService = new OptionError({
    option: "compression",
    rule: "the service Compression is provided, for instance by NodeCompression.layer"
  })

  for (const [name, attempt] of Object.entries(attempts)) {
    it.scopedLive(`${name}: an OptionError`, () =>
      Effect.gen(function* () {
        for (const compression of [true, {}, { level: 1 }]) {
          expect(yield* failureOf(attempt, compression)).toEqual(noService)
        }
      })
    )
  }

  /** A handshake that has agreed on permessage-deflate, made elsewhere. */
  const negotiated = (role: Role): Negotiated => ({
    role,
    request: {
      method: "GET",
      target: "/",
      version: "1.1",
      fields: Fields.from({ "Sec-WebSocket-Extensions": "permessage-deflate" })
    },
    response: { version: "1.1", status: 101, reason: "", fields: Fields.empty },
    subprotocol: undefined,
    extensions: [{ name: "permessage-deflate", parameters: [] }],
    leftover: new Uint8Array(0)
  })

  for (const role of roles) {
    it.scopedLive(`FrameStream.open after a handshake that has agreed on it: an OptionError, a ${role}`, () =>
      Effect.gen(function* () {
        const { open } = yield* FrameStream.FrameStream
        for (const compression of [undefined, false, true]) {
          const [duplex, peer] = yield* MemoryTransport.pair()
          expect(yield* Effect.flip(open(duplex, negotiated(role), { compression }))).toEqual(noService)
          const opened = open(duplex, negotiated(role), { compression }).pipe(Effect.provide(NodeCompression.layer))
          expect(Option.getOrThrow((yield* opened).compression)).toEqual(agreement())
          yield* Effect.addFinalizer(() => peer.abort)
        }
      }).pipe(Effect.provide(FrameStream.layer))
    )
  }
})

describe("P-01, P-04 to P-09: what is out of range", () => {
  leavesNothing()

  const wrong: ReadonlyArray<readonly [string, CompressionOptions]> = [
    ["serverMaxWindowBits", { serverMaxWindowBits: 8 }],
    ["clientMaxWindowBits", { clientMaxWindowBits: 16 }],
    ["level", { level: 10 }],
    ["memLevel", { memLevel: 0 }],
    ["threshold", { threshold: -1 }],
    ["serverNoContextTakeover", { serverNoContextTakeover: 1 as unknown as boolean }]
  ]

  for (const [name, attempt] of Object.entries(attempts)) {
    it.scopedLive(`${name}: an OptionError before anything is opened or sent`, () =>
      Effect.gen(function* () {
        for (const [option, compression] of wrong) {
          expect(yield* failureOf(attempt, compression)).toMatchObject({
            _tag: "OptionError",
            option: `compression.${option}`
          })
        }
      }).pipe(Effect.provide(NodeCompression.layer))
    )
  }
})

describe("P-26: a window of 8 bits, which zlib does not have", () => {
  leavesNothing()

  it.scopedLive("server_max_window_bits=8 from a client: declined; a later offer counts", () =>
    Effect.map(
      answering(widest, "permessage-deflate; server_max_window_bits=8, permessage-deflate; client_max_window_bits"),
      ({ answers }) => expect(answers).toEqual(["permessage-deflate"])
    ).pipe(Effect.provide(layers))
  )

  for (const role of roles) {
    const parameter = `${other(role)}_max_window_bits=8`
    it.scopedLive(`${parameter} for what the peer sends: its messages are read, a ${role}`, () =>
      Effect.gen(function* () {
        // Some say 8 and use 9, as zlib did before 1.2.9.
        const { peer, ws } = yield* connected(role, {
          extension: `permessage-deflate; ${parameter}`,
          theirs: { windowBits: 9 }
        })
        expect(Option.getOrThrow(ws.compression)[`${other(role)}MaxWindowBits`]).toBe(8)
        const message = "0123456789abcdef".repeat(100)
        for (const each of [message, message]) {
          yield* peer.send(each)
          expect(yield* ws.receive).toBe(each)
        }
      }).pipe(Effect.provide(layers))
    )
  }
})
