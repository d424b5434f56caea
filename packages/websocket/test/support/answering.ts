/**
 * A server's handshake over a pipe: what a client writes in, the outcome and the answer out.
 */
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import {
  type Accepted,
  type AcceptOptions,
  type AlreadyRead,
  Handshake,
  type HandshakeFailure
} from "../../src/Handshake.js"
import * as MemoryTransport from "../../src/MemoryTransport.js"
import * as WebSocket from "../../src/WebSocket.js"
import type { HandshakeError } from "../../src/WebSocketError.js"
import { parseResponse, type Received } from "./sample.js"
import { octets, wire } from "./wire.js"

export interface Answered<A> {
  readonly exit: Exit.Exit<Accepted<A>, HandshakeFailure>
  /** All that the server has written. */
  readonly written: string
}

/** What a server makes of the octets of a client, which then ends; `maxChunk` cuts them. */
export const answerTo = <A = undefined, R = never>(
  sent: string,
  options: AcceptOptions<A, R> = {},
  { maxChunk, read, secure = false }: { maxChunk?: number; read?: AlreadyRead; secure?: boolean } = {}
): Effect.Effect<Answered<A>, never, Exclude<R, Scope.Scope>> =>
  Effect.gen(function* () {
    const handshake = yield* Handshake
    const [near, far] = yield* MemoryTransport.pair({ maxChunk })
    const client = wire(near)
    if (sent !== "") near.unsafeWrite([octets(sent)])
    yield* near.end
    const duplex = { ...far, info: { ...far.info, encrypted: secure } }
    const exit = yield* Effect.exit(handshake.server(duplex, options, read))
    yield* far.end
    return { exit, written: (yield* client.rest).text }
  }).pipe(Effect.provide(WebSocket.layer), Effect.scoped) as Effect.Effect<Answered<A>, never, Exclude<R, Scope.Scope>>

/** The refusal of a request: the error that the server's application gets, and the answer that its client gets. */
export const refusalOf = <A = undefined, R = never>(
  sent: string,
  options: AcceptOptions<A, R> = {},
  how: Parameters<typeof answerTo>[2] = {}
): Effect.Effect<{ readonly error: HandshakeError; readonly answer: Received }, unknown, Exclude<R, Scope.Scope>> =>
  Effect.gen(function* () {
    const { exit, written } = yield* answerTo(sent, options, how)
    const failure = yield* Effect.flip(exit)
    if (failure._tag !== "HandshakeError") return yield* Effect.dieMessage(`not a HandshakeError: ${failure.message}`)
    return { error: failure, answer: parseResponse(written, sent.startsWith("HEAD") ? "HEAD" : "GET") }
  })

/** The acceptance of a request: what was accepted, and the answer that its client gets. */
export const acceptanceOf = <A = undefined, R = never>(
  sent: string,
  options: AcceptOptions<A, R> = {},
  how: Parameters<typeof answerTo>[2] = {}
): Effect.Effect<
  { readonly accepted: Accepted<A>; readonly answer: Received },
  HandshakeFailure,
  Exclude<R, Scope.Scope>
> =>
  Effect.gen(function* () {
    const { exit, written } = yield* answerTo(sent, options, how)
    return { accepted: yield* exit, answer: parseResponse(written) }
  })
