/**
 * The standard streams of a process as a service, so that a command can be run without one.
 *
 * @example
 * ```ts
 * import { Streams } from "@effect-websocket/cli"
 * import { Effect, Layer, Stream } from "effect"
 *
 * // For a test: no input, and output that nobody sees.
 * const silent = Layer.succeed(Streams.Streams, {
 *   input: Stream.empty,
 *   write: () => Effect.void,
 *   note: () => Effect.void,
 *   isTerminal: false
 * })
 * ```
 *
 * @example
 * ```ts
 * import { Streams } from "@effect-websocket/cli"
 * import { Effect } from "effect"
 *
 * // A result, and a remark that is none: it goes to the standard error.
 * const told = Effect.zipRight(Streams.note("connected"), Streams.print("hello"))
 * ```
 */
import * as NodeStream from "@effect/platform-node/NodeStream"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"

/** Where a command reads and writes. */
export class Streams extends Context.Tag("@effect-websocket/cli/Streams")<
  Streams,
  {
    /** What the command is given, until its end. Nothing is read before it is asked for. */
    readonly input: Stream.Stream<Uint8Array>
    /** Writes results; waits until they are taken. */
    readonly write: (octets: Uint8Array | string) => Effect.Effect<void>
    /** Writes a line of what is no result: what happens, and what is wrong. */
    readonly note: (line: string) => Effect.Effect<void>
    /** Whether results are read by a person: then what the peer sends is escaped. */
    readonly isTerminal: boolean
  }
>() {}

/** Standard input, as it is asked for. Whoever is done with it lets go of it: otherwise the process would not end. */
const standardInput = Stream.suspend(() =>
  NodeStream.fromReadable<never, Uint8Array>(
    () => process.stdin,
    () => undefined as never,
    { closeOnDone: false }
  )
).pipe(
  Stream.catchAllCause(() => Stream.empty),
  Stream.ensuring(Effect.sync(() => process.stdin.destroy()))
)

/** Who reads our output may go: then there is nothing left to do. */
const writing = (stream: NodeJS.WriteStream, octets: Uint8Array | string): Effect.Effect<void> =>
  Effect.async((resume) => {
    stream.write(octets, (error) => resume(error ? Effect.interrupt : Effect.void))
  })

const unheard = (): void => {}

/** Those of this process. */
export const layer: Layer.Layer<Streams> = Layer.sync(Streams, () => {
  // Failures are told to who writes.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", unheard)
  return {
    input: standardInput,
    write: (octets) => writing(process.stdout, octets),
    note: (line) => writing(process.stderr, `${line}\n`),
    isTerminal: process.stdout.isTTY === true
  }
})

/** A line of results. */
export const print = (line: string): Effect.Effect<void, never, Streams> =>
  Effect.flatMap(Streams, ({ write }) => write(`${line}\n`))

/** A line of what is no result. */
export const note = (line: string): Effect.Effect<void, never, Streams> =>
  Effect.flatMap(Streams, (streams) => streams.note(line))
