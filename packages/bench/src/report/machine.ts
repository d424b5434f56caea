/** Where and with what the figures were made; without that they are worth nothing. */
import { createRequire } from "node:module"
import * as os from "node:os"
import * as Beast from "../Beast.js"

export interface Machine {
  readonly date: string
  readonly cpu: string
  readonly cores: number
  readonly memory: string
  readonly system: string
  /** Load average of the last minute, at the end: what else was going on. */
  readonly load: number
  readonly versions: Readonly<Record<string, string>>
}

const require = createRequire(import.meta.url)

const packages = ["effect", "ws", "bufferutil", "undici", "@effect/platform", "@effect/platform-node"]

const versionOf = (name: string): string => require(`${name}/package.json`).version

export const machine = (): Machine => {
  const beast = Beast.version()
  return {
    date: new Date().toISOString(),
    cpu: os.cpus()[0]?.model.trim() ?? "unknown",
    cores: os.availableParallelism(),
    memory: `${Math.round(os.totalmem() / 1024 ** 3)} GiB`,
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    load: os.loadavg()[0]!,
    versions: {
      node: process.versions.node,
      "effect-websocket": versionOf("effect-websocket"),
      ...Object.fromEntries(packages.map((name) => [name, versionOf(name)])),
      ...(beast === undefined ? {} : { boost: beast })
    }
  }
}
