/**
 * Operations on one connection that are begun one behind the other, in the same turn, as Beast's tests of suspended
 * operations do; and how each of them ends.
 *
 * The other end is an echo of ours whose transport the test holds as well, to put octets of its own in front of the reader.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FrameStream from "effect-websocket/FrameStream"
import * as Handshake from "effect-websocket/Handshake"
import type { LimitOptions } from "effect-websocket/Limits"
import * as Listener from "effect-websocket/Listener"
import { type Duplex, Transport } from "effect-websocket/Transport"
import * as WebSocket from "effect-websocket/WebSocket"
import { turns } from "./fibers.js"
import type { Role } from "./framePlay.js"
import { tagsOf } from "./underTest.js"

export type Operation = "read" | "write" | "ping" | "pong" | "close"

/** What `write` writes, and `read` may get back. */
export const greeting = "Hello, world!"

/** What an operation has come to: a word of success, or the tags of its error. */
export type Outcomes = Readonly<Record<string, string>>

const attempt = (ws: WebSocket.WebSocket, operation: Operation, message: WebSocket.Message) => {
  switch (operation) {
    case "read":
      return Effect.map(ws.receive, (received) => (received === message ? "the message" : String(received)))
    case "write":
      return Effect.as(ws.send(message), "written")
    case "ping":
      return Effect.as(ws.ping(), "pong")
    case "pong":
      return Effect.as(ws.pong(), "written")
    case "close":
      return Effect.map(ws.close(), ({ cause }) => (cause === undefined ? "closed" : `closed by ${tagsOf(cause)}`))
  }
}

/** Begins the operations in this order, and waits for all. */
export const together = (
  ws: WebSocket.WebSocket,
  operations: ReadonlyArray<Operation>,
  message: WebSocket.Message = greeting
): Effect.Effect<Outcomes> =>
  Effect.gen(function* () {
    const begin = (operation: Operation) =>
      Effect.fork(Effect.catchAll(attempt(ws, operation, message), (error) => Effect.succeed(tagsOf(error))))
    const fibers = yield* Effect.forEach(operations, begin)
    const ends = yield* Effect.forEach(fibers, (fiber) => Fiber.join(fiber))
    return Object.fromEntries(operations.map((operation, index) => [operation, ends[index]!]))
  })

/** Our end of a new connection; the other one, and its transport. */
export interface Ends {
  readonly ws: WebSocket.WebSocket
  readonly peer: WebSocket.WebSocket
  readonly far: Duplex
}

interface Accepted {
  readonly ws: WebSocket.WebSocket
  readonly duplex: Duplex
}

const echo = (ws: WebSocket.WebSocket) => ws.run((message) => ws.send(message))

/** Opens a connection in which we have this role, with these limits; the other end echoes. */
export const meet = (role: Role, limits: LimitOptions = {}) =>
  Effect.gen(function* () {
    const { accept } = yield* Listener.Listener
    const { connect } = yield* Transport
    const handshake = yield* Handshake.Handshake
    const frames = yield* FrameStream.FrameStream
    const uri = yield* WebSocket.parseUri(yield* Listener.uri("/"))
    const accepted = yield* Deferred.make<Accepted>()
    const optionsOf = (of: Role) => ({ limits: of === role ? limits : {} })
    const open = (duplex: Duplex, negotiated: Handshake.Negotiated) =>
      frames.open(duplex, negotiated, optionsOf(negotiated.role))
    const serve = (duplex: Duplex) =>
      Effect.gen(function* () {
        const ws = yield* open(duplex, (yield* handshake.server(duplex, optionsOf("server"))).negotiated)
        yield* Deferred.succeed(accepted, { ws, duplex })
        yield* role === "client" ? echo(ws) : ws.closed
      })
    yield* Effect.forkScoped(accept((duplex) => Effect.ignore(Effect.scoped(serve(duplex)))))
    const duplex = yield* connect(uri)
    const ws = yield* open(duplex, yield* handshake.client(duplex, uri, optionsOf("client")))
    const server = yield* Deferred.await(accepted)
    if (role === "client") return { ws, peer: server.ws, far: server.duplex }
    yield* Effect.forkScoped(Effect.ignore(echo(ws)))
    return { ws: server.ws, peer: ws, far: duplex }
  })

/** When the octets of the other end come: they were read before the operations begin, or they come behind that. */
export type Moment = "before" | "meanwhile"

/** Puts octets in front of our end, and begins the operations. */
export const facing = (
  { far, ws }: Pick<Ends, "far" | "ws">,
  octets: Uint8Array,
  moment: Moment,
  operations: ReadonlyArray<Operation>,
  message?: WebSocket.Message
): Effect.Effect<Outcomes> =>
  Effect.suspend(() => {
    if (octets.length > 0) far.unsafeWrite([octets.slice()])
    const begun = together(ws, operations, message)
    return moment === "before" ? Effect.zipRight(turns(50), begun) : begun
  })
