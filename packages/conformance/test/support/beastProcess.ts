/**
 * The program `native/beast-peer.cpp` as a process: commands go in, events come out, as its header describes them.
 *
 * Both are a line of words of which the last is a count of octets, and the octets. What a pipe cuts is put together here.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process"
import * as path from "node:path"
import { promisify } from "node:util"
import * as Effect from "effect/Effect"
import { root } from "./workspace.js"

/** Something that Beast has done, or seen. */
export interface BeastEvent {
  readonly name: string
  readonly words: ReadonlyArray<string>
  readonly octets: Buffer
}

const command = path.join(root, "packages/docs/commands/native.js")
const source = path.join(root, "packages/conformance/native/beast-peer.cpp")

/** The path of the program, compiled if need be. A machine without a compiler or Boost fails the tests that need it. */
export const compile = async (): Promise<string> => {
  const { stdout } = await promisify(execFile)(process.execPath, [command, source])
  return stdout.trim()
}

/** How long a compilation may take on a busy machine, in milliseconds; 17 s on one that is not. */
export const compileTimeout = 5 * 60 * 1000

/** Cuts the output of the program into events. */
export const eventReader = (onEvent: (event: BeastEvent) => void): ((chunk: Buffer) => void) => {
  let chunks: Array<Buffer> = []
  let size = 0
  let needed = 1
  return (chunk) => {
    chunks.push(chunk)
    size += chunk.length
    if (size < needed) return
    let rest = Buffer.concat(chunks)
    for (;;) {
      const line = rest.indexOf("\n")
      const [name = "", ...words] = rest.toString("utf8", 0, line).split(" ")
      const end = line + 1 + Number(words.pop())
      if (line < 0 || rest.length < end) {
        needed = line < 0 ? rest.length + 1 : end
        break
      }
      onEvent({ name, words, octets: rest.subarray(line + 1, end) })
      rest = rest.subarray(end)
    }
    chunks = [rest]
    size = rest.length
  }
}

/** Gives a command to the program. */
export type Tell = (words: string, octets?: string | Uint8Array) => void

const teller = (child: ChildProcess): Tell => {
  const input = child.stdin!
  // A program that has ended is seen by its last event.
  input.on("error", () => {})
  return (words, octets = "") => {
    const payload = Buffer.from(octets as string)
    input.write(`${words} ${payload.length}\n`)
    input.write(payload)
  }
}

/** Starts the program; it has ended when the Scope has. */
export const start = (program: string, args: ReadonlyArray<string>, onEvent: (event: BeastEvent) => void) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => {
        const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] })
        child.stdout.on("data", eventReader(onEvent))
        const gone = new Promise((resolve) => child.once("close", resolve))
        const lost = { name: "failed", words: ["the", "program", "has", "ended"], octets: Buffer.of() }
        return { child, gone: gone.then(() => onEvent(lost)) }
      }),
      ({ child, gone }) =>
        Effect.promise(() => {
          child.kill("SIGKILL")
          return gone
        })
    ),
    ({ child }) => teller(child)
  )
