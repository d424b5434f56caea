/**
 * `effect-ws serve`: an echo, or a room in which all hear what each says, and a page for browsers on the same port.
 */

import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as NodeCompression from "@effect-websocket/node/NodeCompression"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Broadcast from "effect-websocket/Broadcast"
import * as Handshake from "effect-websocket/Handshake"
import * as Listener from "effect-websocket/Listener"
import * as WebSocket from "effect-websocket/WebSocket"
import * as WebSocketServer from "effect-websocket/WebSocketServer"
import { compress, subprotocols, tlsOptions } from "./ClientOptions.js"
import { Network } from "./Network.js"
import { page as defaultPage } from "./Page.js"
import { print } from "./Streams.js"

const serveOptions = {
  port: Options.integer("port").pipe(
    Options.withAlias("p"),
    Options.withDefault(0),
    Options.withDescription("The port; a free one unless it is given")
  ),
  host: Options.text("host").pipe(
    Options.withDefault("127.0.0.1"),
    Options.withDescription("The address to listen on, 127.0.0.1; :: for everybody")
  ),
  broadcast: Options.boolean("broadcast").pipe(
    Options.withDescription(
      "Send what a client says to all others, instead of back to it; who is too slow is closed with 1013"
    )
  ),
  page: Options.fileText("page").pipe(
    Options.map(([, text]) => text),
    Options.withDefault(defaultPage),
    Options.withDescription("An HTML file for browsers; otherwise a page that sends and shows messages")
  ),
  origins: Options.text("origin").pipe(
    Options.repeated,
    Options.withDescription(
      "Let pages of this origin connect, and no others; may be repeated. Otherwise those of the same origin"
    )
  ),
  subprotocols,
  compress,
  ...tlsOptions
}

type Handler = WebSocketServer.Handler<undefined, unknown, Scope.Scope>

const echo: Handler = (ws) => ws.run((message) => ws.send(message))

const room = "everybody"

/** Nobody waits for who is slow. */
const broadcast = Effect.map(
  Broadcast.make(),
  (rooms): Handler =>
    (ws) =>
      Effect.zipRight(
        rooms.subscribe(room, ws),
        ws.run((message) => rooms.publish(room, message, { except: ws }))
      )
)

/** The page runs its own script and connects to where it comes from; nothing else. */
const policy = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'"

const showing =
  (page: string): WebSocketServer.HttpHandler =>
  (request) => {
    const { head } = request
    if (head.method !== "GET" && head.method !== "HEAD")
      return Effect.succeed({ status: 405, fields: { Allow: "GET, HEAD" } })
    if (Handshake.pathOf(request) !== "/") return Effect.succeed({ status: 404, body: "there is no such page\n" })
    const fields = { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": policy }
    return Effect.succeed({ status: 200, fields, body: page })
  }

/** The command. It serves until it is interrupted. */
export const command = Command.make("serve", serveOptions, (options) => {
  const { ca, cert, key } = options
  const accepting: WebSocketServer.ServeOptions = {
    http: showing(options.page),
    origin: options.origins.length === 0 ? "same-origin" : options.origins,
    subprotocols: options.subprotocols,
    compression: options.compress
  }
  const server = Layer.unwrapEffect(
    Effect.map(options.broadcast ? broadcast : Effect.succeed(echo), (handler) =>
      WebSocketServer.serve(handler, accepting)
    )
  )
  const listening = {
    host: options.host,
    port: options.port,
    ca: Option.getOrUndefined(ca),
    cert: Option.getOrUndefined(cert),
    key: Option.getOrUndefined(key)
  }
  const listener = Layer.unwrapEffect(Effect.map(Network, (network) => network.listener(listening)))
  const layers = Layer.provideMerge(server, Layer.mergeAll(WebSocket.layer, NodeCompression.layer, listener))
  return Effect.provide(Effect.zipRight(Effect.flatMap(Listener.uri("/"), print), Effect.never), layers)
}).pipe(Command.withDescription("Serve an echo or a room, and a page for browsers on the same port"))
