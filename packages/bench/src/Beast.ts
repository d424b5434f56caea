/**
 * Boost.Beast as a peer: its server is compiled once, when a C++ compiler and the headers of Boost are there.
 */
import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import type { Program } from "./load/MeasuredProcess.js"

const compile = fileURLToPath(new URL("../../docs/commands/native.js", import.meta.url))
const source = fileURLToPath(new URL("../native/beast.cpp", import.meta.url))

/** What the command answers, or why it does not. */
const ask = (...args: ReadonlyArray<string>): { readonly answer: string } | string => {
  const { status, stderr, stdout } = spawnSync(process.execPath, [compile, ...args], { encoding: "utf8" })
  return status === 0 ? { answer: stdout.trim() } : stderr.trim()
}

/** The version of Boost, to be named in results; undefined: it is not there. */
export const version = (): string | undefined => {
  const asked = ask("--boost")
  return typeof asked === "string" ? undefined : asked.answer
}

let result: Program | string | undefined

/** How to start the server, or the reason why that is not possible. Compiles it if need be. */
export const program = (): Program | string => {
  if (result === undefined) {
    console.log("the server of Beast is compiled, unless it has been …")
    const asked = ask(source, "-O2", "-DNDEBUG")
    result = typeof asked === "string" ? asked.slice(0, 500) : { command: asked.answer, args: [], env: {} }
  }
  return result
}
