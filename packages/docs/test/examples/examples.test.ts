/** The examples, each as its reader would use it: handlers over memory, the others over what they are about. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { NodeCompression } from "@effect-websocket/node"
import { Console, Effect, Layer, Option, Stream } from "effect"
import { Broadcast, Listener, MemoryTransport, WebSocket } from "effect-websocket"
import * as advanced from "../../examples/advanced-server.js"
import * as basicAuth from "../../examples/basic-auth.js"
import * as echo from "../../examples/echo.js"
import * as rooms from "../../examples/rooms.js"
import * as subprotocol from "../../examples/subprotocol.js"
import * as tls from "../../examples/tls.js"
import * as tlsOrPlain from "../../examples/tls-or-plain.js"
import * as unixSocket from "../../examples/unix-socket.js"
import { start } from "../support/program.js"

const memory = Layer.mergeAll(WebSocket.layer, MemoryTransport.layer, NodeCompression.layer)
const over = <E>(server: Layer.Layer<never, E, Layer.Layer.Success<typeof memory>>) =>
  Layer.provideMerge(server, memory)

/** What the program prints. */
const printed = <E, R>(program: Effect.Effect<unknown, E, R>) =>
  Effect.suspend(() => {
    const lines: Array<unknown> = []
    const log = (...all: ReadonlyArray<unknown>) => Effect.sync(() => void lines.push(...all))
    const unsafe = { ...console, log: (...all: ReadonlyArray<unknown>) => void lines.push(...all) }
    const service = { ...console, [Console.TypeId]: Console.TypeId, log, unsafe } as unknown as Console.Console
    return Effect.as(Effect.withConsole(program, service), lines)
  })

const pem = (name: string) =>
  readFileSync(new URL(`../../../node/test/fixtures/tls/${name}.pem`, import.meta.url), "utf8")
const certificates = { ca: pem("ca"), cert: pem("server"), key: pem("server-key") }

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "example-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true }))
)

const uri = Listener.uri("/")

describe("examples", () => {
  it.live("echo: over memory, as a handler is tested", () =>
    Effect.map(
      printed(Effect.flatMap(uri, (uri) => echo.client(uri, "hello"))).pipe(Effect.provide(over(echo.server))),
      (lines) => expect(lines).toEqual(["hello", "closed"])
    )
  )

  it.scopedLive("echo, compressed: permessage-deflate is agreed on", () =>
    Effect.gen(function* () {
      const ws = yield* WebSocket.connect(yield* uri, { compression: true })
      yield* ws.send("again and ".repeat(100))
      expect(yield* ws.receive).toBe("again and ".repeat(100))
      expect(Option.isSome(ws.compression)).toBe(true)
    }).pipe(Effect.provide(over(echo.compressing)))
  )

  it.scopedLive("unix-socket", () =>
    Effect.gen(function* () {
      const path = join(yield* folder, "echo.sock")
      expect(yield* printed(unixSocket.program(path))).toEqual(["over a Unix socket", "closed"])
    })
  )

  it.live("tls", () =>
    Effect.map(printed(tls.program(certificates)), (lines) => expect(lines).toEqual(["over TLS", "closed"]))
  )

  it.live("tls-or-plain: both on one port", () =>
    Effect.map(printed(tlsOrPlain.program(certificates)), (lines) =>
      expect(lines).toEqual(["plain", "closed", "over TLS", "closed"])
    )
  )

  it.scopedLive("advanced-server: an echo at /echo, and no WebSocket elsewhere", () =>
    Effect.gen(function* () {
      const lines = yield* printed(Effect.flatMap(Listener.uri("/echo"), (uri) => echo.client(uri, "hello")))
      expect(lines).toEqual(["hello", "closed"])
      const error = yield* Effect.flip(WebSocket.connect(yield* Listener.uri("/health")))
      expect(error).toMatchObject({ _tag: "HandshakeError", reason: { _tag: "UpgradeDeclined" } })
    }).pipe(Effect.provide(over(advanced.server)))
  )

  it.live("subprotocol: the server's preference decides, and one is required", () =>
    Effect.gen(function* () {
      const address = yield* uri
      const both = yield* subprotocol.client(address, ["shout.v1", "shout.v2"])
      expect(both).toEqual({ agreed: "shout.v2", answer: "HELLO!" })
      expect(yield* subprotocol.client(address, ["shout.v1"])).toEqual({ agreed: "shout.v1", answer: "hello!" })
      expect((yield* Effect.flip(subprotocol.client(address, ["other"])))._tag).toBe("HandshakeError")
    }).pipe(Effect.provide(over(subprotocol.server)))
  )

  it.live("basic-auth: who knows the password is welcome, others get 401", () =>
    Effect.gen(function* () {
      const address = yield* uri
      expect(yield* basicAuth.client(address, "ali", "open sesame")).toBe("welcome, ali")
      expect(yield* basicAuth.client(address, "ali", "open barley")).toBe(401)
      expect(yield* basicAuth.client(address, "nobody", "open sesame")).toBe(401)
    }).pipe(Effect.provide(over(basicAuth.server)))
  )

  it.scopedLive("rooms: what is said in one is heard there, and nowhere else; rooms go with their last member", () => {
    const topics = Effect.runSync(Broadcast.make())
    return Effect.gen(function* () {
      const enter = (room: string) =>
        Effect.flatMap(Listener.uri(`/chat?room=${room}`), (uri) => WebSocket.connect(uri))
      const heard = (ws: WebSocket.WebSocket) =>
        ws.messages.pipe(
          Stream.map((message) => JSON.parse(String(message))),
          Stream.filter(({ kind }) => kind === "message"),
          Stream.runHead
        )
      const [one, two, elsewhere] = [yield* enter("tea"), yield* enter("tea"), yield* enter("coffee")]
      yield* elsewhere.send("is anybody here?")
      yield* one.send("hello")
      expect(Option.getOrThrow(yield* heard(two)).text).toBe("hello")
      expect(Option.getOrThrow(yield* heard(elsewhere)).text).toBe("is anybody here?")
      expect(yield* topics.topics).toEqual(["tea", "coffee"])
      const error = yield* Effect.flip(enter("x".repeat(41)))
      expect(error).toMatchObject({ reason: { _tag: "UpgradeDeclined" } })
    }).pipe(
      Effect.scoped,
      Effect.provide(over(rooms.serverOf(topics))),
      Effect.zipRight(topics.topics),
      Effect.map((names) => expect(names).toEqual([]))
    )
  })

  it("echo-server and echo-client: as commands", async () => {
    const server = start("packages/docs/examples/echo-server.ts", ["0"])
    const address = await new Promise<string>((resolve) =>
      server.stdout.setEncoding("utf8").once("data", (text: string) => resolve(text.trim()))
    )
    const client = start("packages/docs/examples/echo-client.ts", [address, "hello"])
    let said = ""
    client.stdout.setEncoding("utf8").on("data", (text) => {
      said += text
    })
    await new Promise((resolve) => client.once("close", resolve))
    expect(said).toBe("hello\nclosed\n")
    server.kill("SIGINT")
    await new Promise((resolve) => server.once("close", resolve))
  }, 120_000)
})
