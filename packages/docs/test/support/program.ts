/** Runs a program of the documentation as a user would: a process of its own, which has to end by itself. */
import { spawn } from "node:child_process"
import { createRequire } from "node:module"
import * as path from "node:path"
import { pathToFileURL } from "node:url"
import { root } from "./pages.js"

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href

/** The condition under which the workspace is loaded from its sources, and the loader of TypeScript. */
const fromSources = ["--conditions=@effect-websocket/source", "--import", tsx]

const environment = { ...process.env, NODE_OPTIONS: "", NO_COLOR: "1" }

const argumentsOf = (file: string, args: ReadonlyArray<string>) => [...fromSources, path.resolve(root, file), ...args]

/** Starts a file with arguments; what it prints has no colours. */
export const start = (file: string, args: ReadonlyArray<string> = [], cwd = root) =>
  spawn(process.execPath, argumentsOf(file, args), { cwd, env: environment, stdio: ["ignore", "pipe", "pipe"] })

/** Starts a file that reads its standard input. */
export const startReading = (file: string, args: ReadonlyArray<string> = []) =>
  spawn(process.execPath, argumentsOf(file, args), { cwd: root, env: environment, stdio: "pipe" })

/** Waits for its end. */
export const ended = (child: ReturnType<typeof start>): Promise<Ended> =>
  new Promise((resolve, reject) => {
    let stdout = ""
    let stderr = ""
    child.stdout.setEncoding("utf8").on("data", (text) => {
      stdout += text
    })
    child.stderr.setEncoding("utf8").on("data", (text) => {
      stderr += text
    })
    child.on("error", reject).on("close", (code) => resolve({ code, stdout, stderr }))
  })
