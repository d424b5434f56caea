/** A few runs as a process: standard streams, signals and exit codes are those of the system. */
import { type ChildProcess, spawn } from "node:child_process"
import { createRequire } from "node:module"
import { fileURLToPath, pathToFileURL } from "node:url"
import { describe, expect, it } from "vitest"

const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href
const script = fileURLToPath(new URL("fixtures/effect-ws.ts", import.meta.url))

/** From the sources, with the arguments of a user. */
const start = (...args: ReadonlyArray<string>) => {
  const options = ["--conditions=@effect-websocket/source", "--import", tsx, script]
  const child = spawn(process.execPath, [...options, ...args], {
    env: { ...process.env, NODE_OPTIONS: "", NO_COLOR: "1" }
  })
  child.stdout.setEncoding("utf8")
  child.stderr.setEncoding("utf8")
  return child
}

const read = (child: ReturnType<typeof start>) => {
  const text = { out: "", err: "" }
  child.stdout.on("data", (data) => (text.out += data))
  child.stderr.on("data", (data) => (text.err += data))
  return text
}

const ended = (child: ChildProcess) =>
  new Promise<number | null>((resolve) => child.once("close", (code) => resolve(code)))

describe("effect-ws, as a process", () => {
  it("serves, converses, and ends by itself or by a signal", async () => {
    const server = start("serve")
    const uri = await new Promise<string>((resolve) =>
      server.stdout.once("data", (text: string) => resolve(text.trim()))
    )

    const client = start("connect", "--wait", "0", uri)
    const said = read(client)
    client.stdin.write("hello\n")
    client.stdout.once("data", () => client.stdin.end())
    expect(await ended(client)).toBe(0)
    expect(said).toEqual({ out: "hello\n", err: "connected\nclosed by us with 1000 (NormalClosure)\n" })

    // Its input stays open: nothing but the signal of the server ends it.
    const second = start("connect", uri)
    const heard = read(second)
    await new Promise((resolve) => second.stderr.once("data", resolve))
    // Whichever ends first.
    const codes = Promise.all([ended(server), ended(second)])
    server.kill("SIGTERM")
    expect(await codes).toEqual([130, 0])
    expect(heard.err).toContain("closed by the peer with 1001 (GoingAway)")
  }, 60_000)

  it("wrong use is 2, told on the standard error", async () => {
    const child = start("connect", "--dance", "ws://127.0.0.1/")
    const said = read(child)
    expect(await ended(child)).toBe(2)
    expect(said.out).toBe("")
    expect(said.err).toContain("unknown argument")
  }, 60_000)
})
