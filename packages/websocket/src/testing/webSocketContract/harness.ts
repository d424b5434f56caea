/**
 * What the cases of the WebSocket contract are made of: a server in the background, connections with both ends in hand, and
 * peers of bare octets.
 *
 * Checks fail with a `ContractViolation` that says what the contract demands. Nothing here waits for time to pass, except
 * that a case which does not come to its end fails after a while.
 */
import { encode } from "@effect-websocket/protocol/bytes/Utf8"
import * as Uri from "@effect-websocket/protocol/handshake/WebSocketUri"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import type * as Scope from "effect/Scope"
import type { YieldWrap } from "effect/Utils"
import * as Handshake from "../../Handshake.js"
import { hostTurn } from "../../host/HostTurn.js"
import type { LimitOptions } from "../../Limits.js"
import * as Listener from "../../Listener.js"
import type { Duplex, Transport } from "../../Transport.js"
import * as WebSocket from "../../WebSocket.js"
import type { Closed, ReceiveError } from "../../WebSocketError.js"
import * as WebSocketServer from "../../WebSocketServer.js"
import { ContractViolation, check, concat, connect as connectOctets } from "../contract/harness.js"

export { check, checkOctets, octets, turns } from "../contract/harness.js"

/** What the cases ask for: both sides of a transport, and everything above it. */
export type Services = Transport | WebSocketServer.Requirements | Scope.Scope

/** One sentence of the contract, and the program that checks it. */
export interface WebSocketContractCase {
  readonly name: string
  readonly effect: Effect.Effect<void, unknown, Services>
}

/** A case; one that hangs fails after 15 s of Effect's Clock. What its handlers do wrong on purpose is not logged. */
export const contractCase = (
  name: string,
  body: () => Generator<YieldWrap<Effect.Effect<unknown, unknown, Services>>, void>
): WebSocketContractCase => ({
  name,
  effect: Effect.timeoutFail(Logger.withMinimumLogLevel(Effect.gen(body), LogLevel.None), {
    duration: "15 seconds",
    onTimeout: () => new ContractViolation({ message: `${name}: still waiting after 15 s` })
  })
})

/** Serves in the background, until the Scope ends or the fiber is interrupted. */
export const serving = <E>(
  handler: WebSocketServer.Handler<undefined, E, never>,
  options?: WebSocketServer.ServeOptions
) => Effect.forkScoped(WebSocketServer.run(handler, options))

/** Sends back what arrives. */
export const echo = (ws: WebSocket.WebSocket) => ws.run((message) => ws.send(message))

/** Connects to the Listener. */
export const connect = (options?: WebSocket.ConnectOptions, target?: string) =>
  Effect.flatMap(Listener.uri(target), (uri) => WebSocket.connect(uri, options))

/** Settings of both ends. */
export interface Settings {
  readonly client?: LimitOptions
  readonly server?: LimitOptions
}

/** A connection with both of its ends in hand. */
export interface Ends {
  readonly client: WebSocket.WebSocket
  readonly server: WebSocket.WebSocket
}

/** Opens connections, both ends in hand; the server's handler goes on until its connection has ended. */
export const opener = (settings: Settings = {}) =>
  Effect.gen(function* () {
    let next = yield* Deferred.make<WebSocket.WebSocket>()
    yield* serving((ws) => Effect.zipRight(Deferred.succeed(next, ws), ws.closed), { limits: settings.server })
    return Effect.gen(function* () {
      next = yield* Deferred.make<WebSocket.WebSocket>()
      const client = yield* connect({ limits: settings.client })
      return { client, server: yield* Deferred.await(next) }
    })
  })

/** Both ends of a new connection. */
export const connected = (settings?: Settings) => Effect.flatten(opener(settings))

/** Two connections, one for each direction: for what must hold for both roles. */
export const bothWays = (settings?: Settings) =>
  Effect.gen(function* () {
    const open = yield* opener(settings)
    const [forth, back] = [yield* open, yield* open]
    return [
      { way: "client to server", from: forth.client, to: forth.server },
      { way: "server to client", from: back.server, to: back.client }
    ] as const
  })

/** Fails unless both are the same message. */
export const checkMessage = (actual: WebSocket.Message, expected: WebSocket.Message, what: string) => {
  if (typeof actual === "string" || typeof expected === "string") {
    return check(actual === expected, `${what}: ${actual.length} units of ${typeof actual} are not the message sent`)
  }
  const isSame = actual.length === expected.length && actual.every((octet, index) => octet === expected[index])
  return check(isSame, `${what}: ${actual.length} octets are not the ${expected.length} which were sent`)
}

/** Receives as many messages as are expected, and fails unless they are the same, in order. */
export const checkMessages = (ws: WebSocket.WebSocket, expected: ReadonlyArray<WebSocket.Message>, what: string) =>
  Effect.forEach(expected, (message, index) =>
    Effect.flatMap(ws.receive, (received) => checkMessage(received, message, `${what}, message ${index}`))
  )

/** Everything until the end, and the end. */
export const receiveAll = (ws: WebSocket.WebSocket) => {
  const messages: Array<WebSocket.Message> = []
  const step = Effect.map(ws.pull, (batch) => messages.push(...batch))
  return Effect.map(Effect.flip(Effect.forever(step)), (error: ReceiveError) => ({ messages, error }))
}

/** Fails unless the connection was ended by the closing handshake. */
export const closedBy = (error: ReceiveError): Effect.Effect<Closed, ContractViolation> =>
  error._tag === "Closed"
    ? Effect.succeed(error)
    : Effect.fail(new ContractViolation({ message: `the closing handshake ends it, not ${error.message}` }))

/** Fails unless the error is one of a transport: never a success, and never untyped. */
export const checkLost = (error: { readonly _tag: string; readonly message: string }, what: string) =>
  check(error._tag === "TransportError", `${what}: a TransportError, not ${error._tag} (${error.message})`)

/** Waits, turn by turn, until the condition holds. */
export const until = (condition: () => boolean): Effect.Effect<void> =>
  Effect.suspend(() => (condition() ? Effect.void : Effect.zipRight(hostTurn, until(condition))))

/** A connection of octets to the Listener, before any handshake. */
export const bare: Effect.Effect<Duplex, unknown, Services> = connectOctets

/** A client of bare octets which has made its handshake. */
export const bareClient = Effect.gen(function* () {
  const parsed = Uri.parse(yield* Listener.uri("/"))
  if ("_tag" in parsed) return yield* Effect.fail(new ContractViolation({ message: parsed.rule }))
  const duplex = yield* bare
  const handshake = yield* Handshake.Handshake
  const { leftover } = yield* handshake.client(duplex, parsed)
  return { duplex, leftover }
})

/** A server of bare octets: makes the handshake of each connection and hands it over; it ends with `use`. */
export const bareServer = (use: (duplex: Duplex) => Effect.Effect<unknown, unknown>) =>
  Effect.gen(function* () {
    const listener = yield* Listener.Listener
    const handshake = yield* Handshake.Handshake
    const each = (duplex: Duplex) => Effect.zipRight(handshake.server(duplex), use(duplex))
    yield* Effect.forkScoped(listener.accept((duplex) => Effect.ignore(each(duplex))))
  })

/** Reads octets until `isEnough`, or until the end. */
export const readUntil = (
  duplex: Duplex,
  isEnough: (octets: Uint8Array) => boolean,
  first: Uint8Array = new Uint8Array(0)
) => {
  let all: Uint8Array = first
  const step: Effect.Effect<Uint8Array> = Effect.suspend(() =>
    isEnough(all)
      ? Effect.succeed(all)
      : Effect.matchEffect(duplex.pull, {
          onFailure: () => Effect.succeed(all),
          onSuccess: (chunks) => {
            all = concat([all, ...chunks])
            return step
          }
        })
  )
  return step
}

/** Octets as text, one character for each. */
export const latin1 = (octets: Uint8Array): string => Array.from(octets, (octet) => String.fromCharCode(octet)).join("")

/** A request for a WebSocket as octets. */
export const requestOctets = (host: string): Uint8Array =>
  encode(
    [
      "GET / HTTP/1.1",
      `Host: ${host}`,
      "Upgrade: websocket",
      "Connection: Upgrade",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
      "Sec-WebSocket-Version: 13",
      "",
      ""
    ].join("\r\n")
  )
