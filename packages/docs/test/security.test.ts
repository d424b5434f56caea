import { readFileSync } from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { NodeCompression, NodeListener } from "@effect-websocket/node"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"
import { Compression, Limits, Listener, MemoryTransport, Reconnect, WebSocket, WebSocketServer } from "effect-websocket"
import { layer as storedCompression } from "effect-websocket/testing/StoredCompression"
import { root } from "./support/pages.js"

const page = readFileSync(path.join(root, "packages/docs/security.md"), "utf8")

/** The rows of a section's table: the name in backquotes, then the cells but the last, which is the reason. */
const tableOf = (title: string): Readonly<Record<string, string>> => {
  const section = page.split(/^## /m).find((each) => each.startsWith(`${title}\n`)) ?? ""
  return Object.fromEntries(
    [...section.matchAll(/^\| `(\w+)` *\| (.*) \|$/gm)].map(([, name = "", cells = ""]) => {
      const values = cells.split(" | ").map((cell) => cell.trim())
      expect(values.at(-1), `the reason of ${name}`).not.toBe("")
      return [name, values.slice(0, -1).join(" / ")]
    })
  )
}

const sizes = (value: number): string => {
  if (value >= 1024 ** 2 && value % 1024 ** 2 === 0) return `${value / 1024 ** 2} MiB`
  return value >= 1024 && value % 1024 === 0 ? `${value / 1024} KiB` : `${value}`
}

const counted = (value: number): string => `${value}`.replace(/(?<=\d)(?=(\d{3})+$)/g, value < 10_000 ? "" : " ")

/** A value as the page writes it. */
const written = (name: string, value: unknown): string => {
  if (typeof value === "boolean") return value ? "yes" : "no"
  if (value === Infinity) return "none"
  if (Duration.isDuration(value)) return `${Duration.toSeconds(value)} s`
  if (typeof value !== "number") return `${value}`
  if (name.endsWith("Timeout")) return `${value / 1000} s`
  return /^max(?!.*Size|.*Body)|backlog/.test(name) ? counted(value) : sizes(value)
}

const allWritten = (values: object) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, written(name, value)]))

const server = WebSocketServer.serve(() => Effect.never)
const layers = Layer.mergeAll(
  Layer.provideMerge(server, Layer.merge(WebSocket.layer, MemoryTransport.layer)),
  storedCompression
)

/** What a server without options does with a handshake. */
const knock = (options: WebSocket.ConnectOptions) =>
  Effect.flatMap(Listener.uri("/"), (uri) => Effect.either(WebSocket.connect(uri, options)))

const from = (origin: string) => knock({ fields: { Origin: origin } })

const delays = (random: number) =>
  Schedule.run(Schedule.delays(Reconnect.defaultSchedule), 0, Array.from({ length: 20 })).pipe(
    Effect.withRandom(Random.fixed([random])),
    Effect.map((all) => [...all].map(Duration.toSeconds))
  )

describe("the page on security has the defaults which the code has", () => {
  it("Limits, in both roles", () => {
    const [ofServer, ofClient] = [allWritten(Limits.defaultsOf("server")), allWritten(Limits.defaultsOf("client"))]
    const expected = Object.fromEntries(Object.keys(ofServer).map((k) => [k, `${ofServer[k]} / ${ofClient[k]}`]))
    expect(tableOf("Limits")).toEqual(expected)
  })

  it.scoped("ServeOptions", () =>
    Effect.gen(function* () {
      const { host } = new URL(yield* Listener.uri("/"))
      const foreign = yield* from("https://elsewhere.example")
      if (Either.isRight(foreign) || foreign.left._tag !== "HandshakeError")
        return expect.unreachable("it was accepted")
      expect(Option.map(foreign.left.response, ({ head }) => head.status)).toEqual(Option.some(403))
      const own = Either.getOrThrow(yield* from(`http://${host}`))
      const elsewhere = yield* knock({ fields: { Host: "elsewhere.example" } })
      const compressed = Either.getOrThrow(yield* knock({ compression: true }))
      expect(tableOf("How much a server accepts")).toEqual({
        ...allWritten(WebSocketServer.defaults),
        origin: own.isOpen ? "same-origin" : "none",
        hosts: Either.isRight(elsewhere) ? "all" : "some",
        compression: Option.isNone(compressed.compression) ? "off" : "on",
        keepAlive: foreign.left.keepAlive ? "allow" : "close"
      })
    }).pipe(Effect.provide(layers))
  )

  it("NodeListener", () => {
    expect(tableOf("Listeners of Node.js")).toEqual(allWritten(NodeListener.defaults))
  })

  it.scopedLive("NodeListener, when it listens", () =>
    Effect.gen(function* () {
      const { address, secure } = yield* NodeListener.makeTcp()
      expect([address._tag === "TcpAddress" && address.hostname, secure]).toEqual([NodeListener.defaults.host, false])
    })
  )

  it("Compression", () => {
    const { limitsClientWindow: _, ...options } = Compression.defaults
    expect(tableOf("Compression")).toEqual(allWritten({ ...options, ...NodeCompression.defaults }))
  })

  it.effect("Reconnect", () =>
    Effect.gen(function* () {
      const [least, most] = [yield* delays(0), yield* delays(1)]
      const schedule = `${least[0]}–${Math.max(...most)} s`
      expect(tableOf("Reconnecting")).toEqual(allWritten({ ...Reconnect.defaults, schedule }))
    })
  )
})

describe("SECURITY.md", () => {
  it("leads to the page, and invents no address", () => {
    const text = readFileSync(path.join(root, "SECURITY.md"), "utf8")
    expect(text).toContain("(packages/docs/security.md)")
    expect(text).not.toMatch(/\S@\S+\.\S/)
  })
})
