/**
 * Ordinary HTTP with a server in memory: requests as text, and the responses to them.
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/TestClock"
import type { HttpHandler, ServeOptions } from "../../src/WebSocketServer.js"
import { turns } from "./leavesNothing.js"
import { fieldOf, parseResponse, type Received } from "./sample.js"
import { echo, serving } from "./serving.js"
import type { Wire } from "./wire.js"

export const get = (target: string, fields = "", method = "GET") =>
  `${method} ${target} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`
export const post = (body: string, fields = "") =>
  `${get("/", `Content-Length: ${body.length}\r\n${fields}`, "POST")}${body}`
export const chunked = (body: string) => get("/", "Transfer-Encoding: chunked\r\n", "POST") + body

/** Answers with what it was asked. */
export const mirror: HttpHandler = ({ body, head }) =>
  Effect.succeed({ status: 200, body: `${head.method} ${head.target} ${Buffer.from(body).toString()}` })

/** What a server writes until it ends, to a client that has written `sent` and goes on to listen. */
export const exchange = (options: ServeOptions, sent: string) =>
  Effect.gen(function* () {
    const { client, errors } = yield* serving(echo, options)
    const peer = yield* client
    yield* peer.write(sent)
    const end = yield* Effect.fork(peer.rest)
    yield* turns()
    yield* TestClock.adjust("30 seconds")
    yield* turns()
    yield* peer.duplex.end
    return { ...(yield* Fiber.join(end)), errors: errors() }
  })

/** Reads one response. */
export const next = (peer: Wire, method = "GET"): Effect.Effect<Received, unknown> =>
  Effect.gen(function* () {
    const head = parseResponse(yield* peer.until("\r\n\r\n"), "HEAD")
    const length = method === "HEAD" ? 0 : Number(fieldOf(head, "Content-Length") ?? 0)
    return { ...head, body: yield* peer.take(length) }
  })
