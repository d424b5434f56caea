/**
 * A client's handshake over a pipe: what a server answers in, the outcome and the request out.
 */
import type { WebSocketUri } from "@effect-websocket/protocol/handshake/WebSocketUri"
import * as Uri from "@effect-websocket/protocol/handshake/WebSocketUri"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as TestClock from "effect/TestClock"
import { Handshake, type HandshakeFailure, type Negotiated, type RequestOptions } from "../../src/Handshake.js"
import * as MemoryTransport from "../../src/MemoryTransport.js"
import * as WebSocket from "../../src/WebSocket.js"
import type { HandshakeError } from "../../src/WebSocketError.js"
import { turns } from "./leavesNothing.js"
import { sampleEntropy } from "./sample.js"
import { type Wire, wire } from "./wire.js"

/** The parts of a URI that may be used. */
export const uriOf = (uri: string): WebSocketUri => {
  const parsed = Uri.parse(uri)
  if ("_tag" in parsed) throw new Error(parsed.rule)
  return parsed
}

const sampleUri = uriOf("ws://server.example.com/chat")

export interface Asked<E> {
  readonly exit: Exit.Exit<Negotiated, HandshakeFailure | E>
  /** The head that the client has sent; empty when it has sent none. */
  readonly request: string
}

/** How the server behaves. */
export interface AskingOptions {
  readonly uri?: WebSocketUri
  readonly maxChunk?: number
  /** The server ends behind its response. Default true. */
  readonly ends?: boolean
  /** Minutes that pass when the client waits. */
  readonly minutes?: number
  /** What the server does after a head has arrived; default: writes the response. */
  readonly behave?: (server: Wire) => Effect.Effect<unknown>
}

/** What a client makes of a server that answers its request with `response`. */
export const ask = <E = never>(
  response: string,
  options: RequestOptions<E> = {},
  { behave, ends = true, maxChunk, minutes = 0, uri = sampleUri }: AskingOptions = {}
): Effect.Effect<Asked<E>> =>
  Effect.gen(function* () {
    const handshake = yield* Handshake
    const [near, far] = yield* MemoryTransport.pair({ maxChunk })
    const server = wire(far)
    const serving = Effect.gen(function* () {
      const head = yield* server.until("\r\n\r\n")
      yield* behave === undefined ? server.write(response) : behave(server)
      if (ends) yield* far.end
      return head
    })
    const request = yield* Effect.fork(Effect.catchAll(serving, () => Effect.succeed("")))
    const asking = yield* Effect.fork(Effect.exit(handshake.client(near, uri, options)))
    for (let minute = 0; minute < minutes; minute++) {
      yield* turns()
      yield* TestClock.adjust("1 minutes")
    }
    const exit = yield* Fiber.join(asking)
    yield* turns()
    yield* near.end
    return { exit, request: yield* Fiber.join(request) }
  }).pipe(Effect.provide(WebSocket.layer), Effect.provide(sampleEntropy), Effect.scoped)

/** The error with which a client answers a response. */
export const errorOf = (
  response: string,
  options: RequestOptions = {},
  how: AskingOptions = {}
): Effect.Effect<HandshakeError, unknown> =>
  Effect.gen(function* () {
    const failure = yield* Effect.flip((yield* ask(response, options, how)).exit)
    if (failure._tag !== "HandshakeError") return yield* Effect.dieMessage(`not a HandshakeError: ${failure.message}`)
    return failure
  })

/** The status and body inside of an error. */
export const responseOf = (error: HandshakeError): { readonly status: number; readonly body: string } =>
  Option.match(error.response, {
    onNone: () => ({ status: 0, body: "" }),
    onSome: ({ body, head }) => ({ status: head.status, body: Buffer.from(body).toString("latin1") })
  })
