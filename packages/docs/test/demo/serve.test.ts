import * as net from "node:net"
import { NodeTransport } from "@effect-websocket/node"
import { Effect, Layer, Option, type Scope } from "effect"
import { WebSocket, WebSocketError } from "effect-websocket"
import { describe, expect, it } from "vitest"
import { type Ended, ended, start } from "../support/program.js"

const client = Layer.merge(WebSocket.layer, NodeTransport.layer())

interface Server {
  readonly port: number
  readonly signal: (name: NodeJS.Signals) => void
  readonly ended: Promise<Ended>
}

/** A server on a free port; whatever happens, it is gone at the end of the Scope. */
const serving = Effect.acquireRelease(
  Effect.promise<Server>(
    () =>
      new Promise((resolve, reject) => {
        const child = start("packages/docs/demo/main.ts", ["serve"])
        const end = ended(child)
        let shown = ""
        child.stdout.on("data", (text) => {
          shown += text
          const port = /localhost:(\d+)\/echo\n/.exec(shown)?.[1]
          if (port === undefined) return
          resolve({ port: Number(port), signal: (name) => child.kill(name), ended: end })
        })
        end.then(({ stderr }) => reject(new Error(`it ended: ${stderr}`)))
      })
  ),
  ({ ended, signal }) =>
    Effect.promise(() => {
      signal("SIGKILL")
      return ended
    })
)

const run = <A, E>(
  program: (server: Server) => Effect.Effect<A, E, Layer.Layer.Success<typeof client> | Scope.Scope>
) => Effect.runPromise(Effect.scoped(Effect.flatMap(serving, program)).pipe(Effect.provide(client)))

const news = (ws: WebSocket.WebSocket) => Effect.map(ws.receive, (message) => JSON.parse(String(message)))

const join = (port: number) =>
  Effect.gen(function* () {
    const ws = yield* WebSocket.connect(`ws://localhost:${port}/chat`)
    const { you } = yield* news(ws)
    yield* news(ws)
    return { ws, you }
  })

describe("npm start -- serve", () => {
  it("tells everybody what one of them says", () =>
    run(({ port }) =>
      Effect.gen(function* () {
        const first = yield* join(port)
        const second = yield* join(port)
        expect(yield* news(first.ws)).toEqual({ kind: "notice", text: `${second.you} has come`, members: 2 })
        yield* second.ws.send("<b>hello</b>")
        const message = { kind: "message", from: second.you, text: "<b>hello</b>" }
        expect([yield* news(first.ws), yield* news(second.ws)]).toEqual([message, message])
      })
    ))

  it("echoes at /echo, and has a page for browsers", () =>
    run(({ port }) =>
      Effect.gen(function* () {
        const ws = yield* WebSocket.connect(`ws://localhost:${port}/echo`)
        yield* ws.send("hello")
        expect(yield* ws.receive).toBe("hello")
        for (const [path, type, part] of [
          ["/", "text/html", "<!doctype html>"],
          ["/chat.js", "text/javascript", "new WebSocket("],
          ["/chat.css", "text/css", "body {"]
        ] as const) {
          const page = yield* Effect.promise(() =>
            fetch(`http://127.0.0.1:${port}${path}`, { headers: { Connection: "close" } })
          )
          expect(page.status).toBe(200)
          expect(page.headers.get("Content-Type")).toBe(`${type}; charset=utf-8`)
          expect(yield* Effect.promise(() => page.text())).toContain(part)
        }
      })
    ))

  it("refuses pages of other origins, other hosts and other paths", () =>
    run(({ port }) =>
      Effect.gen(function* () {
        const status = (path: string, fields: Record<string, string>) =>
          WebSocket.connect(`ws://localhost:${port}${path}`, { fields }).pipe(
            Effect.as(101),
            WebSocketError.catchReason("HandshakeError", "UpgradeDeclined", ({ response }) =>
              Effect.succeed(response.status)
            ),
            Effect.scoped
          )
        expect(yield* status("/chat", { Origin: `http://localhost:${port}` })).toBe(101)
        expect(yield* status("/chat", { Origin: "http://example.com" })).toBe(403)
        expect(yield* status("/chat", { Host: `example.com:${port}` })).toBe(421)
        expect(yield* status("/", {})).toBe(404)
      })
    ))

  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    it(`closes everybody with 1001 at ${signal}, and ends with the code 0`, () =>
      run((server) =>
        Effect.gen(function* () {
          const { ws } = yield* join(server.port)
          const echo = yield* WebSocket.connect(`ws://localhost:${server.port}/echo`)
          server.signal(signal)
          for (const { closed } of [ws, echo]) {
            const { clean, received } = yield* closed
            expect({ clean, code: Option.getOrThrow(received).code }).toEqual({ clean: true, code: 1001 })
          }
          const { code, stderr, stdout } = yield* Effect.promise(() => server.ended)
          expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
          expect(stdout).toContain("stopped")
        })
      ))
  }

  it("says so when the port is taken", async () => {
    const other = net.createServer()
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve))
    const { port } = other.address() as net.AddressInfo
    const { code, stderr } = await ended(start("packages/docs/demo/main.ts", ["serve", String(port)]))
    other.close()
    expect(code).toBe(1)
    expect(stderr).toContain(`TransportError: listening at 127.0.0.1:${port} failed (listen EADDRINUSE`)
  })
})
