/**
 * The contract of the opening handshake (RFC 6455 §4), and of what else a server answers on its port.
 */
import { encode } from "@effect-websocket/protocol/bytes/Utf8"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { reject, type UpgradeRequest } from "../../Handshake.js"
import type { HandshakeError } from "../../WebSocketError.js"
import { type HttpRequest, run } from "../../WebSocketServer.js"
import {
  bare,
  check,
  checkMessages,
  connect,
  contractCase,
  echo,
  latin1,
  readUntil,
  serving,
  type WebSocketContractCase
} from "./harness.js"

const refused = connect().pipe(Effect.flip, Effect.scoped)

const statusOf = ({ response }: HandshakeError): number | undefined => Option.getOrUndefined(response)?.head.status

/** Fails unless the client was refused with this reason and status. */
const checkRefused = (error: { readonly _tag: string }, reason: string, status: number) => {
  if (error._tag !== "HandshakeError") return check(false, `a refusal is a HandshakeError, not ${error._tag}`)
  const refusal = error as HandshakeError
  return check(
    refusal.reason._tag === reason && statusOf(refusal) === status,
    `refused as ${reason} with ${status}, not as ${refusal.reason._tag} with ${statusOf(refusal)}`
  )
}

/** Sends a request of plain HTTP, and gives the whole answer as text; the server closes behind it. */
const exchange = (...lines: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const duplex = yield* bare
    duplex.unsafeWrite([encode(lines.join("\r\n"))])
    return latin1(yield* readUntil(duplex, () => false))
  })

const page = ({ body, head }: HttpRequest) =>
  Effect.succeed({ status: 200, fields: { "Content-Type": "text/plain" }, body: `${head.target} ${body.length}` })

/** The cases of the opening handshake. */
export const handshaking: ReadonlyArray<WebSocketContractCase> = [
  contractCase("RFC 6455 §1.9: one subprotocol is agreed, the server's preference decides, both know", function* () {
    const chosen = yield* Deferred.make<string | undefined>()
    yield* serving((ws) => Deferred.succeed(chosen, ws.negotiated.subprotocol), { subprotocols: ["b", "c", "a"] })
    const { negotiated } = yield* connect({ subprotocols: ["a", "b"] })
    yield* check(negotiated.subprotocol === "b", `the client knows "b", not ${negotiated.subprotocol}`)
    yield* check((yield* Deferred.await(chosen)) === "b", "the server knows it")
  }),
  contractCase("RFC 6455 §4.1: target and fields of both heads arrive, and both sides have them", function* () {
    const seen = yield* Deferred.make<string | undefined>()
    yield* serving(
      ({ negotiated: { request } }) => Deferred.succeed(seen, `${request.target} ${request.fields.get("X-Question")}`),
      { decorateResponse: () => ({ "X-Answer": "42" }) }
    )
    const { negotiated } = yield* connect({ fields: { "X-Question": "six by seven" } }, "/chat?a=1&b=%20")
    yield* check(negotiated.response.fields.get("X-Answer") === "42", "the client sees the field of the response")
    yield* check((yield* Deferred.await(seen)) === "/chat?a=1&b=%20 six by seven", "the server sees target and field")
  }),
  contractCase("what authorize finds out reaches the handler", function* () {
    const session = yield* Deferred.make<string>()
    const authorize = ({ head }: UpgradeRequest) => Effect.succeed(head.fields.get("X-Name") ?? "nobody")
    yield* Effect.forkScoped(run({ authorize }, (_, name) => Deferred.succeed(session, name)))
    yield* connect({ fields: { "X-Name": "alice" } })
    yield* check((yield* Deferred.await(session)) === "alice", "the handler gets the session")
  }),
  contractCase("a refusal with 401 is a typed error with status, fields and body; the server knows too", function* () {
    const told = yield* Deferred.make<string>()
    const refusal = reject({ status: 401, fields: { "WWW-Authenticate": "Basic" }, body: "who are you?" })
    yield* serving(echo, {
      authorize: () => Effect.fail(refusal),
      onHandshakeError: (error) => Deferred.succeed(told, error._tag === "HandshakeError" ? error.reason._tag : "")
    })
    const error = yield* refused
    yield* checkRefused(error, "UpgradeDeclined", 401)
    const { body, head } = Option.getOrThrow((error as HandshakeError).response)
    yield* check(latin1(body) === "who are you?", "the error has the body")
    yield* check(head.fields.get("WWW-Authenticate") === "Basic", "the error has the fields")
    yield* check((yield* Deferred.await(told)) === "Rejected", "onHandshakeError is told that it was rejected")
  }),
  contractCase(
    "RFC 9110 §15.4: a redirect is followed when that was asked for, and is a refusal otherwise",
    function* () {
      yield* serving(echo, {
        authorize: ({ head }) =>
          head.target === "/"
            ? Effect.fail(reject({ status: 307, fields: { Location: "/moved" } }))
            : Effect.succeed(undefined)
      })
      yield* checkRefused(yield* refused, "UpgradeDeclined", 307)
      const ws = yield* connect({ redirects: 1 })
      yield* ws.send("here")
      yield* checkMessages(ws, ["here"], "behind a redirect")
      yield* check(ws.negotiated.request.target === "/moved", "the connection knows where it is")
    }
  ),
  contractCase("RFC 6455 §4.2.2: a server that requires a subprotocol refuses with 400", function* () {
    yield* serving(echo, { subprotocols: ["a"], requireSubprotocol: true })
    yield* checkRefused(yield* refused, "UpgradeDeclined", 400)
  }),
  contractCase("RFC 6455 §4.1: a client that requires a subprotocol fails when none is chosen", function* () {
    yield* serving(echo)
    const error = yield* Effect.flip(Effect.scoped(connect({ subprotocols: ["a"], requireSubprotocol: true })))
    yield* checkRefused(error, "BadSubprotocol", 101)
  }),
  contractCase("RFC 6455 §10.2: a page of another origin is refused with 403, one of the same is not", function* () {
    yield* serving(echo, { secure: false })
    const foreign = yield* Effect.flip(Effect.scoped(connect({ fields: { Origin: "http://other.example" } })))
    yield* checkRefused(foreign, "UpgradeDeclined", 403)
    yield* connect({ fields: { Host: "own.example", Origin: "http://own.example" } })
  }),
  contractCase("a server that has as many connections as it may have refuses with 503", function* () {
    yield* serving(echo, { maxConnections: 1 })
    yield* connect()
    const error = yield* refused
    yield* checkRefused(error, "UpgradeDeclined", 503)
  }),
  contractCase("what the server sends at once, with the handshake, arrives", function* () {
    yield* serving((ws) => Effect.zipRight(ws.sendAll(["one", "two"]), ws.closed))
    yield* checkMessages(yield* connect(), ["one", "two"], "sent at once")
  }),
  contractCase("many connections at a time, each with messages of its own", function* () {
    yield* serving(echo)
    const conversation = (name: number) =>
      Effect.flatMap(connect(), (ws) => {
        const messages = Array.from({ length: 20 }, (_, index) => `${name}: ${index}`)
        return Effect.zipRight(ws.sendAll(messages), checkMessages(ws, messages, `connection ${name}`))
      })
    yield* Effect.forEach(Array.from({ length: 40 }).keys(), conversation, { concurrency: "unbounded" })
  }),
  contractCase("an interrupted connect leaves the server as it was", function* () {
    yield* serving(echo)
    yield* Fiber.interrupt(yield* Effect.fork(Effect.scoped(connect())))
    const ws = yield* connect()
    yield* ws.send("after it")
    yield* checkMessages(ws, ["after it"], "another connection")
  }),
  contractCase("RFC 9110 §15.5.22: ordinary HTTP is answered with 426 where nothing else is served", function* () {
    yield* serving(echo)
    const answer = yield* exchange("GET / HTTP/1.1", "Host: a", "", "")
    yield* check(answer.startsWith("HTTP/1.1 426 "), `the answer has 426, and is not ${answer}`)
  }),
  contractCase("HTTP on the same port: requests in order on one connection, with bodies", function* () {
    yield* serving(echo, { http: page })
    const answer = yield* exchange(
      "GET /first HTTP/1.1",
      "Host: a",
      "",
      "POST /second HTTP/1.1",
      "Host: a",
      "Content-Length: 5",
      "Connection: close",
      "",
      "hello"
    )
    yield* check(answer.split("HTTP/1.1 200 ").length === 3, `two answers: ${answer}`)
    yield* check(
      answer.includes("/first 0HTTP/1.1 ") && answer.endsWith("/second 5"),
      `both bodies, in order: ${answer}`
    )
  }),
  contractCase("HTTP and WebSockets share the port", function* () {
    yield* serving(echo, { http: page })
    const ws = yield* connect()
    const answer = yield* exchange("GET /page HTTP/1.1", "Host: a", "Connection: close", "", "")
    yield* check(answer.endsWith("/page 0"), `the page: ${answer}`)
    yield* ws.send("and a message")
    yield* checkMessages(ws, ["and a message"], "the WebSocket")
  })
]
