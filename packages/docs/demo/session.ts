/**
 * The program which runs over every transport. Nothing in it knows which one is beneath.
 */
import * as RequestHead from "@effect-websocket/protocol/http/RequestHead"
import * as ResponseHead from "@effect-websocket/protocol/http/ResponseHead"
import { Duration, Effect, Option } from "effect"
import { Listener, Transport, WebSocket, WebSocketServer } from "effect-websocket"
import { expect } from "./expect.js"
import { dim, green, line, received, sent } from "./paper.js"

/** Sends every message back. */
export const server = WebSocketServer.serve((ws) => ws.run((message) => ws.send(message)), { subprotocols: ["echo"] })

const done = green("✓")

const show = (message: WebSocket.Message): string =>
  typeof message === "string"
    ? JSON.stringify(message)
    : Array.from(message, (octet) => octet.toString(16).padStart(2, "0")).join(" ")

const exchange = (ws: WebSocket.WebSocket, label: string, message: WebSocket.Message) =>
  Effect.gen(function* () {
    yield* ws.send(message)
    const answer = yield* ws.receive
    yield* expect(`the echo of ${label}`, answer, message)
    yield* line(label, `${dim(">")} ${show(message)}   ${dim("<")} ${show(answer)} ${done}`)
  })

const address = Option.match({ onNone: () => "nowhere", onSome: Transport.formatAddress })

const showBeneath = ({ encrypted, local, remote }: Transport.ConnectionInfo) =>
  line("beneath", `${address(local)} → ${address(remote)}, ${encrypted ? "encrypted" : "not encrypted"}`)

const showHeads = ({ request, response, subprotocol }: WebSocket.WebSocket["negotiated"]) =>
  Effect.gen(function* () {
    yield* sent("request", RequestHead.format(request))
    yield* received("response", ResponseHead.format(response))
    yield* expect("the status", response.status, 101)
    yield* expect("the subprotocol", subprotocol, "echo")
  })

const ping = (ws: WebSocket.WebSocket) =>
  Effect.gen(function* () {
    const roundTrip = Duration.toMillis(yield* ws.ping())
    yield* expect("a round trip that takes some time", roundTrip > 0, true)
    yield* line("ping", `${roundTrip.toFixed(2)} ms round trip ${done}`)
  })

const close = (ws: WebSocket.WebSocket) =>
  Effect.gen(function* () {
    const { cause, clean, initiator, received, sent } = yield* ws.close(1000, "goodbye")
    yield* expect("the closure", { cause, clean, initiator }, { cause: undefined, clean: true, initiator: "local" })
    yield* expect("the Close frame sent", sent, Option.some({ code: 1000, reason: "goodbye" }))
    yield* expect("the Close frame received", received, Option.some({ code: 1000, reason: "" }))
    yield* line("closure", `clean, begun by us: sent 1000 "goodbye", received 1000 ${done}`)
  })

/** Connects to `server`, talks to it in every way, and closes. */
export const session = Effect.gen(function* () {
  const uri = yield* Listener.uri("/echo")
  yield* line("server", `listens at ${uri}`)
  const ws = yield* WebSocket.connect(uri, { subprotocols: ["echo"] })
  yield* showBeneath(ws.info)
  yield* showHeads(ws.negotiated)
  yield* exchange(ws, "text", "Hello, Grüße, 你好 🌍")
  yield* exchange(ws, "binary", Uint8Array.of(0x00, 0x01, 0x7f, 0x80, 0xff))
  yield* ping(ws)
  yield* close(ws)
  return ws.info
}).pipe(Effect.scoped)
