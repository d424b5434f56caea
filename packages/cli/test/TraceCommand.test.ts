import { describe, expect, it } from "@effect/vitest"
import * as WebSocketUri from "@effect-websocket/protocol/handshake/WebSocketUri"
import { Fields } from "@effect-websocket/protocol/http/Fields"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import type * as Handshake from "effect-websocket/Handshake"
import { hostTurn } from "effect-websocket/host/HostTurn"
import { Listener } from "effect-websocket/Listener"
import * as MemoryTransport from "effect-websocket/MemoryTransport"
import { Transport } from "effect-websocket/Transport"
import * as WebSocket from "effect-websocket/WebSocket"
import type { OptionError } from "effect-websocket/WebSocketError"
import * as WebSocketServer from "effect-websocket/WebSocketServer"
import { Network } from "../src/Network.js"
import { readdress } from "../src/Relay.js"
import { commandLine, inputUntil, memory, until } from "./support/commandLine.js"

const untimed = (text: string): ReadonlyArray<string> =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => line.replace(/^ *\d+\.\d{3} /, ""))

/** One place in memory for the clients of the relay, another one for the server behind it. */
const two = (server: Layer.Layer<never, OptionError, WebSocketServer.Requirements>, secure = false) =>
  Effect.gen(function* () {
    const place = Layer.merge(WebSocket.layer, MemoryTransport.layerWith({ secure }))
    const behind = Layer.succeedContext(yield* Layer.build(Layer.provideMerge(server, place)))
    const front = yield* Layer.build(MemoryTransport.layer)
    const network = Layer.succeed(Network, {
      transport: () => behind,
      listener: () => Layer.succeed(Listener, Context.get(front, Listener))
    })
    return { network, clients: Layer.merge(WebSocket.layer, Layer.succeedContext(front)) }
  })

describe("effect-ws trace", () => {
  it.live("prints heads and frames both ways, with the time; the query and credentials are hidden", () =>
    Effect.gen(function* () {
      const seen = (): boolean => line.text().includes('< Text fin 2 octets "hi"')
      const line = commandLine(["trace", "--wait", "0", "ws://u:p@any.host/x?secret=1"], {
        input: inputUntil("hi\n", seen)
      })
      expect(yield* line.code).toBe(0)
      expect(line.text()).toMatch(/^ {3}\d\.\d{3} > GET/)
      const lines = untimed(line.text())
      expect(lines[0]).toBe("> GET /x?*** HTTP/1.1")
      expect(lines).toContain("> Authorization: ***")
      expect(lines).toContain("< HTTP/1.1 101 Switching Protocols")
      const frames = lines.filter((each) => / octets|Close/.test(each))
      expect(frames).toEqual(['> Text fin 2 octets "hi"', '< Text fin 2 octets "hi"', "> Close 1000", "< Close 1000"])
      expect(lines.at(-1)).toBe("< end: EndOfStream")
    }).pipe(
      Effect.provide(
        Layer.provideMerge(
          WebSocketServer.serve((ws) => ws.run((message) => ws.send(message))),
          memory
        )
      )
    )
  )

  it.scopedLive("--listen: passes on what others say, to the server of the URI, and prints it with a number", () =>
    Effect.gen(function* () {
      const { clients, network } = yield* two(
        WebSocketServer.serve({ authorize: ({ head }) => Effect.succeed(head) }, (ws, { fields, target }) =>
          Effect.zipRight(
            ws.send(`${target} ${fields.get("Host")} ${fields.get("Origin")}`),
            ws.run((message) => ws.send(message))
          )
        )
      )
      const line = commandLine(["trace", "--listen", "0", "ws://behind.example:8080/"])
      const fiber = yield* Effect.fork(Effect.provide(line.code, network))
      yield* until(() => line.notes.length > 0)
      expect(line.notes).toEqual(["listening on ws://memory/"])
      yield* Effect.gen(function* () {
        const ws = yield* WebSocket.connect("ws://front.example/chat", {
          fields: { Origin: "http://front.example" }
        })
        // The server lets pages of its own origin connect: it is the one that the relay has put there.
        expect(yield* ws.receive).toBe("/chat behind.example:8080 http://behind.example:8080")
        yield* ws.send("through")
        expect(yield* ws.receive).toBe("through")
        expect((yield* ws.close(4000, "enough")).clean).toBe(true)
      }).pipe(Effect.scoped, Effect.provide(clients))
      yield* until(() => line.text().includes("#1 < Close"))
      yield* Fiber.interrupt(fiber)
      expect(
        untimed(line.text())
          .filter((each) => / octets|Close/.test(each))
          .slice(1)
      ).toEqual([
        '#1 > Text fin 7 octets "through"',
        '#1 < Text fin 7 octets "through"',
        '#1 > Close 4000 "enough"',
        "#1 < Close 4000"
      ])
    })
  )

  it.scopedLive(
    "--listen: a server that cannot be reached, or a request that is none, ends that connection alone",
    () =>
      Effect.gen(function* () {
        const { clients, network } = yield* two(Layer.empty, true)
        const line = commandLine(["trace", "--listen", "0", "ws://behind.example/"])
        const fiber = yield* Effect.fork(Effect.provide(line.code, network))
        yield* until(() => line.notes.length > 0)
        const failing = (fields: Handshake.FieldsInput) =>
          Effect.flip(Effect.scoped(WebSocket.connect("ws://front.example/", { fields }))).pipe(Effect.provide(clients))
        expect((yield* failing({}))._tag).toBe("TransportError")
        yield* Effect.gen(function* () {
          const { connect } = yield* Transport
          const duplex = yield* connect({ host: "front.example", port: 80, secure: false })
          duplex.unsafeWrite([new TextEncoder().encode("nonsense\u001b\r\n\r\n")])
          yield* Effect.flip(duplex.pull)
        }).pipe(Effect.scoped, Effect.provide(clients))
        yield* until(() => line.text().includes("#2 failed"))
        yield* Fiber.interrupt(fiber)
        expect(line.text()).toContain("#1 failed: this transport does not support ws: over TLS")
        expect(line.text()).toContain("#2 failed: a line has no control characters")
      })
  )

  it.scopedLive("--listen: a request that comes in two parts is passed on whole, without an Origin too", () =>
    Effect.gen(function* () {
      const { clients, network } = yield* two(
        WebSocketServer.serve({ authorize: ({ head }) => Effect.succeed(head) }, (ws, { fields }) =>
          ws.send(`${fields.get("Host")} ${fields.get("Origin")}`)
        )
      )
      const line = commandLine(["trace", "--listen", "0", "ws://behind.example/"])
      const fiber = yield* Effect.fork(Effect.provide(line.code, network))
      yield* until(() => line.notes.length > 0)
      yield* Effect.gen(function* () {
        const { connect } = yield* Transport
        const duplex = yield* connect({ host: "front.example", port: 80, secure: false })
        const write = (text: string) => Effect.sync(() => duplex.unsafeWrite([new TextEncoder().encode(text)]))
        yield* write("GET / HTTP/1.1\r\nHost: front.example\r\n")
        yield* Effect.repeatN(hostTurn, 10)
        yield* write("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n")
        yield* write("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
        yield* until(() => line.text().includes('"behind.example undefined"'))
      }).pipe(Effect.scoped, Effect.provide(clients))
      yield* Fiber.interrupt(fiber)
    })
  )
})

describe("a request that is passed on", () => {
  const request = (origin: string) => ({
    method: "GET",
    target: "/",
    version: "1.1" as const,
    fields: Fields.from({ Host: "front.example", Origin: origin })
  })
  const to = (uri: string) => WebSocketUri.parse(uri) as WebSocketUri.WebSocketUri

  it("has the Origin of the server when it had its own (RFC 6455 §10.2), and keeps that of others", () => {
    const originOf = (origin: string, uri: string) => readdress(request(origin), to(uri)).fields.get("Origin")
    expect(originOf("http://front.example", "wss://behind.example/")).toBe("https://behind.example")
    expect(originOf("http://front.example", "ws://behind.example/")).toBe("http://behind.example")
    expect(originOf("http://other.example", "ws://behind.example/")).toBe("http://other.example")
    expect(originOf("null", "ws://behind.example/")).toBe("null")
  })
})
