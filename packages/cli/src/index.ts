/** The command line effect-ws: its commands, what they run on, and what their exit codes say. */
export * as EffectWs from "./EffectWs.js"
export * as ExitCode from "./ExitCode.js"
export * as Main from "./Main.js"
export * as Network from "./Network.js"
export * as Streams from "./Streams.js"
