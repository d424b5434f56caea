/**
 * The command line `effect-ws`, and how it is run: with services of this process, or with others in tests.
 *
 * @example
 * ```ts
 * import { EffectWs, Network, Streams } from "@effect-websocket/cli"
 * import { Effect } from "effect"
 *
 * const pinging = EffectWs.run(["ping", "-c", "3", "ws://127.0.0.1:8080/"]).pipe(
 *   Effect.provide(Network.layer),
 *   Effect.provide(Streams.layer)
 * )
 * ```
 *
 * @example
 * ```ts
 * import { Command } from "@effect/cli"
 * import { EffectWs } from "@effect-websocket/cli"
 *
 * // As a part of another command line.
 * const tools = Command.make("tools").pipe(Command.withSubcommands([EffectWs.command]))
 * console.log(`effect-ws ${EffectWs.version}`)
 * ```
 */
import * as CliConfig from "@effect/cli/CliConfig"
import * as Command from "@effect/cli/Command"
import * as HelpDoc from "@effect/cli/HelpDoc"
import { isValidationError } from "@effect/cli/ValidationError"
import * as Effect from "effect/Effect"
import * as ConnectCommand from "./ConnectCommand.js"
import { describe } from "./ExitCode.js"
import * as PingCommand from "./PingCommand.js"
import * as ServeCommand from "./ServeCommand.js"
import { note } from "./Streams.js"
import * as TraceCommand from "./TraceCommand.js"

/** The version of this package. */
export const version = "0.1.0"

/** `effect-ws` with its commands. */
export const command = Command.make("effect-ws").pipe(
  Command.withDescription("WebSockets (RFC 6455) from the command line. Options come before the URI"),
  Command.withSubcommands([ConnectCommand.command, ServeCommand.command, TraceCommand.command, PingCommand.command])
)

const footer = HelpDoc.p(
  "Exit codes: 0 ended well, 1 a fault of this program, 2 wrong use, 3 no connection, 4 refused, 5 the peer broke the protocol, " +
    "6 closed by the peer with an error, 7 too late, 130 interrupted."
)

const parseAndRun = Command.run(command, { name: "effect-ws", version, footer })

/**
 * Runs the command line: `args` are those behind its name. What fails is noted on the standard error, and is the failure of the effect,
 * for `exitCode`.
 */
export const run = (args: ReadonlyArray<string>) =>
  parseAndRun(["node", "effect-ws", ...args]).pipe(
    // What does not fit the options has been told by @effect/cli.
    Effect.tapError((error) => (isValidationError(error) ? Effect.void : note(`effect-ws: ${describe(error)}`))),
    Effect.provide(CliConfig.layer({ isCaseSensitive: true }))
  )
