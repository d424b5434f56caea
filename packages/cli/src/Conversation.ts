/**
 * Input to messages, messages to output: as lines of text, or as octets.
 *
 * As lines, each line of the input is a text message, and each message is a line of the output; a binary one is shown in
 * hexadecimal. As octets, what is read at a time is a binary message, and what comes is written as it is, with nothing between.
 * A terminal gets nothing of the peer's that it would obey.
 */
import { escape } from "@effect-websocket/protocol/frame/Frame"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Message, WebSocket } from "effect-websocket/WebSocket"
import type { SendError } from "effect-websocket/WebSocketError"
import { Streams } from "./Streams.js"

const hex = (octets: Uint8Array): string => Array.from(octets, (octet) => octet.toString(16).padStart(2, "0")).join(" ")

/** A message as a line; `isTerminal` tells who reads it. */
export const line = (message: Message, isTerminal: boolean): string => {
  if (typeof message !== "string") return hex(message)
  return isTerminal ? escape(message) : message
}

/** What is written for a message. */
const written = (message: Message, isBinary: boolean, isTerminal: boolean): Uint8Array | string =>
  isBinary && !isTerminal ? message : `${line(message, isTerminal)}\n`

/** Writes a message to the output. */
export const show = (message: Message, isBinary: boolean): Effect.Effect<void, never, Streams> =>
  Effect.flatMap(Streams, ({ isTerminal, write }) => write(written(message, isBinary, isTerminal)))

const messages = (input: Stream.Stream<Uint8Array>, isBinary: boolean): Stream.Stream<Message> =>
  isBinary ? input : Stream.splitLines(Stream.decodeText(input))

/** Sends the input, until it ends. Who has no more to hear from us is not told. */
export const sendInput = (ws: WebSocket, isBinary: boolean): Effect.Effect<void, SendError, Streams> =>
  Effect.flatMap(Streams, ({ input }) => Stream.runForEach(messages(input, isBinary), (message) => ws.send(message)))
