/**
 * The process `effect-ws`: runs the command line with what the process was given, and ends with its exit code.
 *
 * SIGINT and SIGTERM interrupt it; connections are closed then, within their limits.
 *
 * @example
 * ```ts
 * import { Main } from "@effect-websocket/cli"
 *
 * Main.main()
 * ```
 */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodePath from "@effect/platform-node/NodePath"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeTerminal from "@effect/platform-node/NodeTerminal"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import { run } from "./EffectWs.js"
import { exitCode } from "./ExitCode.js"
import * as Network from "./Network.js"
import * as Streams from "./Streams.js"

const services = Layer.mergeAll(
  NodeFileSystem.layer,
  NodePath.layer,
  NodeTerminal.layer,
  Network.layer,
  Streams.layer,
  // Standard output is for results.
  Logger.replace(Logger.defaultLogger, Logger.withConsoleError(Logger.logfmtLogger))
)

/** Runs the arguments of this process. */
export const main = (): void =>
  NodeRuntime.runMain(Effect.provide(run(process.argv.slice(2)), services), {
    disableErrorReporting: true,
    disablePrettyLogger: true,
    teardown: (exit, onExit) => {
      process.exitCode = exitCode(exit)
      onExit(process.exitCode)
    }
  })
