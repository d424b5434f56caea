/**
 * `effect-ws connect`: sends what is typed, and prints what comes.
 */

import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import { isSendable } from "@effect-websocket/protocol/control/CloseCode"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Message, WebSocket } from "effect-websocket/WebSocket"
import type { ReceiveError, SendError } from "effect-websocket/WebSocketError"
import { clientLayer, clientOptions, connect, duration, uri } from "./ClientOptions.js"
import * as Conversation from "./Conversation.js"
import { type ClosedByPeer, complaint, describeCode } from "./ExitCode.js"
import { note, type Streams } from "./Streams.js"

/** How a conversation is led. */
export interface Talk {
  readonly binary: boolean
  readonly closeCode: number
  readonly closeReason: string
  readonly wait: Duration.Duration
}

export const talkOptions = {
  binary: Options.boolean("binary").pipe(
    Options.withAlias("b"),
    Options.withDescription(
      "Binary messages: one for what is read at a time, and written as they come. Otherwise lines of text"
    )
  ),
  closeCode: Options.integer("close-code").pipe(
    Options.filterMap(
      (code) => (isSendable(code) ? Option.some(code) : Option.none()),
      "--close-code is one of 1000-1003, 1007-1014, 3000-4999 (RFC 6455 §7.4)"
    ),
    Options.withDefault(1000),
    Options.withDescription("The close code to end with, 1000")
  ),
  closeReason: Options.text("close-reason").pipe(Options.withDefault(""), Options.withDescription("Its reason")),
  wait: duration("wait").pipe(
    Options.withDefault(Duration.seconds(1)),
    Options.withDescription(
      "How long to go on receiving when the input has ended, 1 second; infinity: until the peer closes"
    )
  )
}

/** Tells how it ended; a close code of the peer that says that something is wrong is a failure. */
const ending = (ws: WebSocket): Effect.Effect<void, ClosedByPeer, Streams> =>
  Effect.flatMap(ws.closed, (closure) => {
    const { code, reason } = Option.getOrElse(closure.initiator === "remote" ? closure.received : closure.sent, () => ({
      code: 1005,
      reason: ""
    }))
    const who = closure.initiator === "remote" ? "the peer" : "us"
    return Option.match(complaint(closure), {
      onNone: () => note(`closed by ${who} with ${describeCode(code, reason)}`),
      onSome: Effect.fail
    })
  })

/** Sends the input, then waits, then closes; prints meanwhile what comes by `show`. Done when the connection is. */
export const converse = (
  ws: WebSocket,
  { binary, closeCode, closeReason, wait }: Talk,
  show: (message: Message) => Effect.Effect<void, never, Streams>
): Effect.Effect<void, ReceiveError | SendError | ClosedByPeer, Streams> => {
  const sending = Conversation.sendInput(ws, binary).pipe(
    Effect.zipRight(Effect.sleep(wait)),
    Effect.zipRight(ws.close(closeCode, closeReason)),
    // What has ended the connection is told by who receives.
    Effect.catchIf(
      ({ reason }) => reason._tag === "Closing" || reason._tag === "Closed",
      () => Effect.never
    ),
    Effect.zipRight(Effect.never)
  )
  return Effect.zipRight(Effect.raceFirst(ws.run(show), sending), ending(ws))
}

/** The command. */
export const command = Command.make("connect", { ...clientOptions, ...talkOptions, uri }, (options) =>
  Effect.gen(function* () {
    const ws = yield* connect(options.uri, options)
    yield* converse(ws, options, (message) => Conversation.show(message, options.binary))
  }).pipe(Effect.scoped, Effect.provide(clientLayer(options)))
).pipe(Command.withDescription("Connect, send what comes from the standard input, and print what is received"))
