/** Runs the command line inside of the test: over memory, or over loopback, with streams of its own. */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodePath from "@effect/platform-node/NodePath"
import * as NodeTerminal from "@effect/platform-node/NodeTerminal"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { Listener } from "effect-websocket/Listener"
import * as MemoryTransport from "effect-websocket/MemoryTransport"
import { Transport } from "effect-websocket/Transport"
import * as WebSocket from "effect-websocket/WebSocket"
import { run } from "../../src/EffectWs.js"
import { exitCode } from "../../src/ExitCode.js"
import { Network } from "../../src/Network.js"
import { Streams } from "../../src/Streams.js"

const platform = Layer.mergeAll(NodeFileSystem.layer, NodePath.layer, NodeTerminal.layer)

/** Memory for both sides, and for the commands. */
export const memory = Layer.provideMerge(
  Layer.effect(
    Network,
    Effect.map(Effect.all([Transport, Listener]), ([transport, listener]) => ({
      transport: () => Layer.succeed(Transport, transport),
      listener: () => Layer.succeed(Listener, listener)
    }))
  ),
  Layer.merge(MemoryTransport.layer, WebSocket.layer)
)

/** What a command reads, and who reads what it writes. */
export interface Given {
  readonly input?: Stream.Stream<Uint8Array> | string | undefined
  readonly isTerminal?: boolean | undefined
}

/** What a command has written so far. */
export interface Written {
  readonly octets: Array<Uint8Array>
  readonly notes: Array<string>
  readonly text: () => string
}

const inputOf = (input: Given["input"]): Stream.Stream<Uint8Array> =>
  typeof input === "string" ? Stream.encodeText(Stream.make(input)) : (input ?? Stream.never)

const encode = (text: Uint8Array | string): Uint8Array =>
  typeof text === "string" ? new TextEncoder().encode(text) : text

/** What @effect/cli prints itself. */
const consoleOf = (written: Written): Console.Console => {
  const log = (text: string) => Effect.sync(() => void written.octets.push(encode(`${text}\n`)))
  const error = (text: string) => Effect.sync(() => void written.notes.push(text))
  return { ...console, [Console.TypeId]: Console.TypeId, log, error, unsafe: console } as unknown as Console.Console
}

/** A command line: what it has written, and the effect that runs it and gives its exit code. */
export const commandLine = (args: ReadonlyArray<string>, given: Given = {}) => {
  const octets: Array<Uint8Array> = []
  const notes: Array<string> = []
  const written: Written = { octets, notes, text: () => Buffer.concat(octets).toString() }
  const streams = Layer.succeed(Streams, {
    input: inputOf(given.input),
    write: (text) => Effect.sync(() => void octets.push(encode(text).slice())),
    note: (line) => Effect.sync(() => void notes.push(line)),
    isTerminal: given.isTerminal ?? false
  })
  const code = run(args).pipe(
    Effect.exit,
    Effect.map(exitCode),
    Effect.withConsole(consoleOf(written)),
    Effect.provide(Layer.merge(platform, streams))
  )
  return { ...written, code }
}

const turn = Effect.async<void>((resume) => void setImmediate(() => resume(Effect.void)))

/** Waits until something is so: turns of the event loop, no time. */
export const until = (isSo: () => boolean): Effect.Effect<void> =>
  Effect.asVoid(Effect.repeat(turn, { until: () => isSo() }))

/** Input that ends when something is so. */
export const inputUntil = (text: string, isSo: () => boolean): Stream.Stream<Uint8Array> =>
  Stream.concat(Stream.encodeText(Stream.make(text)), Stream.drain(Stream.fromEffect(until(isSo))))
