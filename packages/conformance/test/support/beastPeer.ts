/** Boost.Beast as a partner: a process for each connection, a client or a server of exactly one. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import { type BeastEvent, start, type Tell } from "./beastProcess.js"
import { type Partner, rooms } from "./Partner.js"

/** Options of the program, which are those of Beast under their names, and `read`, `deflate` and `subprotocol`. */
export type BeastOptions = Readonly<Record<string, string | number>>

/** What Beast has agreed on: the window bits, as it tells them. */
export interface BeastDeflate {
  readonly clientMaxWindowBits: number
  readonly serverMaxWindowBits: number
}

export interface BeastPeer extends Partner {
  readonly sendFragments: NonNullable<Partner["sendFragments"]>
  readonly ping: Effect.Effect<void>
  readonly terminate: () => void
  /** Sec-WebSocket-Extensions of the response, and the window bits in it; undefined: no permessage-deflate. */
  readonly extensions: string
  readonly deflate: BeastDeflate | undefined
  /** A part of a text message, a frame or more; `"last"` ends it. */
  readonly sendPart: (part: string | Uint8Array, which: "more" | "last") => void
  /** A text message of these octets, which Beast does not check. */
  readonly sendText: (octets: Uint8Array) => void
  readonly sendPing: (payload: string) => void
  readonly sendPong: (payload: string) => void
  /** Begins to read; with the option `read=0` nothing is read before. */
  readonly read: () => void
  /** Everything that has arrived in the order in which it did, messages as "text" and "binary". */
  readonly seen: ReadonlyArray<string>
  /** Payloads of Pings and Pongs. */
  readonly nextPing: Effect.Effect<string>
  readonly nextPong: Effect.Effect<string>
  /** Waits for the error which ended the connection, by the name that Beast gives it. */
  readonly failed: Effect.Effect<string>
}

/** Where events are gathered until somebody asks for them. */
const gathering = Effect.gen(function* () {
  const { closed, messages, onClose, receive } = yield* rooms
  const port = yield* Deferred.make<number, Error>()
  const opened = yield* Deferred.make<BeastEvent, Error>()
  const failed = yield* Deferred.make<string>()
  const [pings, pongs] = yield* Effect.all([Queue.unbounded<string>(), Queue.unbounded<string>()])
  const seen: Array<string> = []

  const onFailed = (name: string) => {
    const error = Effect.fail(new Error(name))
    Deferred.unsafeDone(port, error)
    Deferred.unsafeDone(opened, error)
    Deferred.unsafeDone(failed, Effect.succeed(name))
    onClose(1006, "")
  }
  const on: Readonly<Record<string, (event: BeastEvent) => void>> = {
    listening: ({ words }) => Deferred.unsafeDone(port, Effect.succeed(Number(words[0]))),
    open: (event) => Deferred.unsafeDone(opened, Effect.succeed(event)),
    text: ({ octets }) => messages.unsafeOffer(octets.toString("utf8")),
    binary: ({ octets }) => messages.unsafeOffer(new Uint8Array(octets)),
    ping: ({ octets }) => pings.unsafeOffer(octets.toString("latin1")),
    pong: ({ octets }) => pongs.unsafeOffer(octets.toString("latin1")),
    // RFC 6455 §7.1.5: without a code it is 1005, for which Beast has 0.
    closed: ({ octets, words }) => onClose(Number(words[0]) || 1005, octets.toString("utf8")),
    failed: ({ words }) => onFailed(words.join(" "))
  }
  const onEvent = (event: BeastEvent) => {
    seen.push(event.name)
    on[event.name]!(event)
  }
  return { closed, failed, onEvent, opened, pings, pongs, port, receive, seen }
})

type Gathering = Effect.Effect.Success<typeof gathering>

const deflateOf = ([active, client, server]: ReadonlyArray<string>): BeastDeflate | undefined =>
  active === "1" ? { clientMaxWindowBits: Number(client), serverMaxWindowBits: Number(server) } : undefined

const peer = (tell: Tell, gathered: Gathering, { octets, words }: BeastEvent): BeastPeer => {
  const { closed, failed, pings, pongs, receive, seen } = gathered
  const [subprotocol = "", extensions = ""] = octets.toString("latin1").split("\n")
  const sendPart: BeastPeer["sendPart"] = (part, which) => tell(`part text ${which}`, part)
  return {
    subprotocol,
    extensions,
    deflate: deflateOf(words),
    send: (message) => tell(`message ${typeof message === "string" ? "text" : "binary"}`, message),
    sendText: (octets) => tell("message text", octets),
    sendFragments: (parts) =>
      parts.forEach((part, index) => {
        sendPart(part, index === parts.length - 1 ? "last" : "more")
      }),
    sendPart,
    sendPing: (payload) => tell("ping", payload),
    sendPong: (payload) => tell("pong", payload),
    ping: Effect.zipRight(
      Effect.sync(() => tell("ping", "from Beast")),
      pongs.take
    ),
    receive,
    read: () => tell("read"),
    close: (code = 0, reason) => tell(`close ${code}`, reason),
    closed,
    terminate: () => tell("terminate"),
    seen,
    nextPing: pings.take,
    nextPong: pongs.take,
    failed: Deferred.await(failed)
  }
}

const args = (options: BeastOptions): ReadonlyArray<string> =>
  Object.entries(options).map(([name, value]) => `${name}=${value}`)

/** Starts the program; `port` is where a server listens, `opened` fails with the name of Beast's error. */
const run = (program: string, words: ReadonlyArray<string>, options: BeastOptions) =>
  Effect.gen(function* () {
    const gathered = yield* gathering
    const tell = yield* start(program, [...words, ...args(options)], gathered.onEvent)
    const opened = Effect.map(Deferred.await(gathered.opened), (event) => peer(tell, gathered, event))
    return { opened, port: Deferred.await(gathered.port) }
  })

/**
 * A server of Beast for one connection: its URI, and the connection when it is open. `before` are words before those of the
 * program, where it is another one that speaks as this one does.
 */
export const beastServer = (program: string, options: BeastOptions = {}, before: ReadonlyArray<string> = []) =>
  Effect.gen(function* () {
    const { opened, port } = yield* run(program, [...before, "server"], options)
    return { uri: `ws://127.0.0.1:${yield* port}/`, opened }
  })

/** A client of Beast that connects; the connection when it is open. */
export const beastClient = (
  program: string,
  uri: string,
  options: BeastOptions = {},
  before: ReadonlyArray<string> = []
) =>
  Effect.gen(function* () {
    const { hostname, pathname, port } = new URL(uri)
    return yield* (yield* run(program, [...before, "client", hostname, port, pathname], options)).opened
  })
