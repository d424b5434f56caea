import * as fs from "node:fs"
import * as net from "node:net"
import * as path from "node:path"
import { NodeTransport } from "@effect-websocket/node"
import { Effect, Layer, Option } from "effect"
import { WebSocket } from "effect-websocket"
import { afterEach, beforeAll, describe, expect, it } from "vitest"
import { blocks, root } from "./support/pages.js"
import { startReading } from "./support/program.js"

const freePort = () =>
  new Promise<number>((resolve) => {
    const server = net.createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as net.AddressInfo
      server.close(() => resolve(port))
    })
  })

/** The program, in a process: what it has printed, and how it is waited for. */
class Program {
  private readonly child: ReturnType<typeof startReading>
  readonly ended: Promise<number | null>
  stdout = ""
  stderr = ""

  constructor(file: string, args: ReadonlyArray<string>) {
    this.child = startReading(file, args)
    this.child.stdout.setEncoding("utf8").on("data", (text) => {
      this.stdout += text
    })
    this.child.stderr.setEncoding("utf8").on("data", (text) => {
      this.stderr += text
    })
    this.ended = new Promise((resolve) => this.child.on("close", resolve))
  }

  say(line: string): void {
    this.child.stdin.write(`${line}\n`)
  }

  /** Until it has printed this. */
  shows(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = () => this.stdout.includes(text) && resolve()
      this.child.stdout.on("data", look)
      this.ended.then((code) => reject(new Error(`it ended with ${code}: ${this.stdout}${this.stderr}`)))
      look()
    })
  }

  leave(): Promise<number | null> {
    this.child.stdin.end()
    return this.ended
  }

  kill(): Promise<number | null> {
    this.child.kill("SIGKILL")
    return this.ended
  }
}

/** Says what is no message of the chat; gives the code with which it is closed. */
const eve = (uri: string) =>
  WebSocket.connect(uri).pipe(
    Effect.tap((ws) => ws.send("no JSON")),
    Effect.flatMap((ws) => ws.closed),
    Effect.map(({ received }) => Option.getOrThrow(received).code),
    Effect.scoped,
    Effect.provide(Layer.merge(WebSocket.layer, NodeTransport.layer())),
    Effect.runPromise
  )

describe("the chat of the README", () => {
  let port = 0
  let file = ""
  const programs: Array<Program> = []

  const run = (...args: ReadonlyArray<string>) => {
    const program = new Program(file, args)
    programs.push(program)
    return program
  }

  /** Who hears itself is there. */
  const join = async (name: string) => {
    const program = run("join", name)
    program.say("I am here")
    await program.shows(`${name}: I am here`)
    return program
  }

  beforeAll(async () => {
    port = await freePort()
    const { code } = blocks.find(({ code, page }) => page === "README.md" && code.startsWith("// chat.ts"))!
    file = path.join(root, "packages/docs/dist/chat/chat.ts")
    fs.mkdirSync(path.dirname(file), { recursive: true })
    fs.writeFileSync(file, code.replaceAll("8080", String(port)))
  })

  afterEach(() => Promise.all(programs.map((program) => program.kill())))

  it("is one, as its commands are given: all hear what one says, and what is no message is its author's end alone", async () => {
    const server = run("serve")
    await server.shows(`serving ws://127.0.0.1:${port}/`)
    const bea = await join("bea")
    const ali = await join("ali")
    await bea.shows("ali: I am here")
    expect(await eve(`ws://127.0.0.1:${port}/eve`)).toBe(1007)
    ali.say("is anybody here?")
    await Promise.all([ali, bea].map((each) => each.shows("ali: is anybody here?")))
    expect(await ali.leave()).toBe(0)
    bea.say("nobody")
    await bea.shows("bea: nobody")
    expect([ali.stderr, bea.stderr, server.stderr, server.stdout.split("\n").length]).toEqual(["", "", "", 2])
  }, 60_000)
})
