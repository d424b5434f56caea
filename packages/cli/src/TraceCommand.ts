/**
 * `effect-ws trace`: heads and frames as lines, of a connection of its own, or of those of other clients that pass through it.
 */

import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import { escape } from "@effect-websocket/protocol/frame/Frame"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Listener from "effect-websocket/Listener"
import * as WebSocket from "effect-websocket/WebSocket"
import { type ClientOptions, clientLayer, clientOptions, connect, uri } from "./ClientOptions.js"
import { converse, type Talk, talkOptions } from "./ConnectCommand.js"
import { describe } from "./ExitCode.js"
import * as FrameTrace from "./FrameTrace.js"
import { Network } from "./Network.js"
import { relay } from "./Relay.js"
import { note } from "./Streams.js"

/** As a client: what is received is seen in its frames. */
const asClient = (uri: string, options: ClientOptions & Talk) =>
  Effect.gen(function* () {
    const print = yield* FrameTrace.printer
    const ws = yield* Effect.provide(connect(uri, options), FrameTrace.layer(print))
    yield* converse(ws, options, () => Effect.void)
  }).pipe(Effect.scoped, Effect.provide(clientLayer(options)))

const failed = (error: unknown) => (error instanceof Error ? describe(error) : escape((error as { rule: string }).rule))

/** In the middle: each connection has a number. */
const between = (uri: string, port: number, options: ClientOptions) =>
  Effect.gen(function* () {
    const to = yield* WebSocket.parseUri(uri)
    const print = yield* FrameTrace.printer
    const { accept } = yield* Listener.Listener
    yield* note(`listening on ${yield* Listener.uri("/")}`)
    let count = 0
    return yield* accept((near) => {
      const numbered = FrameTrace.layer((line) => print(`#${number} ${line}`))
      const number = ++count
      return relay(near, to).pipe(
        Effect.scoped,
        Effect.provide(numbered),
        Effect.catchAll((error) => Effect.sync(() => print(`#${number} failed: ${failed(error)}`)))
      )
    })
  }).pipe(
    Effect.scoped,
    Effect.provide(Layer.unwrapEffect(Effect.map(Network, ({ listener }) => listener({ host: "127.0.0.1", port })))),
    Effect.provide(clientLayer(options))
  )

const listen = Options.integer("listen").pipe(
  Options.optional,
  Options.withDescription(
    "Stand between others: listen on this port (0: a free one), and pass everything on to the server of the URI. The clients' targets stay"
  )
)

/** The command. */
export const command = Command.make("trace", { ...clientOptions, ...talkOptions, listen, uri }, (options) =>
  Option.match(options.listen, {
    onNone: () => asClient(options.uri, options),
    onSome: (port) => between(options.uri, port, options)
  })
).pipe(
  Command.withDescription("Print heads and frames, both ways, of a connection of ours or of those that pass through")
)
