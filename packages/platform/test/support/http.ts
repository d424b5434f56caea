/** An HTTP application of @effect/platform on a server of this package, and clients of it. */
import * as http from "node:http"
import * as net from "node:net"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServer from "@effect/platform/HttpServer"
import * as NodeTransport from "@effect-websocket/node/NodeTransport"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { FrameStream } from "effect-websocket/FrameStream"
import type { Handshake } from "effect-websocket/Handshake"
import type { HttpCodec } from "effect-websocket/HttpCodec"
import * as WebSocket from "effect-websocket/WebSocket"
import * as PlatformHttpServer from "../../src/PlatformHttpServer.js"

const client = Layer.merge(WebSocket.layer, NodeTransport.layer())

/** What applications may need. */
export type Services = Handshake | FrameStream | HttpCodec | Scope.Scope

const get = (port: number, path: string, options?: http.RequestOptions) =>
  Effect.async<http.IncomingMessage>((resume) => {
    http
      .get({ port, host: "127.0.0.1", path, agent: false, ...options }, (response) => {
        response.resume().on("end", () => resume(Effect.succeed(response)))
      })
      .on("error", (error) => resume(Effect.die(error)))
  })

/** A socket without any rule: writes, and reads until the other side ends. */
export interface Raw {
  readonly socket: net.Socket
  /** All that has come so far, once it has `part`. */
  readonly until: (part: string) => Effect.Effect<string>
}

const open = (port: number): Effect.Effect<Raw, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => net.connect(port, "127.0.0.1").on("error", () => {})),
      (socket) => Effect.sync(() => socket.destroy())
    ),
    (socket) => {
      let received = ""
      socket.setEncoding("latin1").on("data", (text) => {
        received += text
      })
      const until = (part: string) =>
        Effect.async<string>((resume) => {
          const look = () => (received.includes(part) || socket.closed ? done() : undefined)
          const done = () => {
            socket.off("data", look).off("close", look)
            resume(Effect.succeed(received))
          }
          socket.on("data", look).on("close", look)
          look()
        })
      return { socket, until }
    }
  )

/** What clients do with the server on a port. */
export const clientsOf = (port: number) => ({
  port,
  connect: (target = "/", options?: WebSocket.ConnectOptions) =>
    Effect.flatMap(Layer.build(client), (context) =>
      Effect.provide(WebSocket.connect(`ws://127.0.0.1:${port}${target}`, options), context)
    ),
  get: (target: string, options?: http.RequestOptions) => get(port, target, options),
  open: open(port)
})

export const portOf = (address: HttpServer.Address): number => (address._tag === "TcpAddress" ? address.port : 0)

type App = HttpApp.Default<unknown, Services>

/** Serves the application for as long as the Scope lives. */
export const serve = (
  app: App,
  options: PlatformHttpServer.RequestUpgradeOptions & { readonly middleware?: (app: App) => App } = {}
) => {
  const { middleware, ...upgrade } = options
  const server = PlatformHttpServer.layerServer(http.createServer, { port: 0, host: "127.0.0.1" }, upgrade)
  const application = middleware === undefined ? HttpServer.serve(app) : HttpServer.serve(app, middleware)
  const layers = Layer.provideMerge(application, Layer.provideMerge(server, WebSocket.layer))
  return Effect.map(Layer.build(layers), (context) =>
    clientsOf(portOf(Context.get(context, HttpServer.HttpServer).address))
  )
}

/** A handshake as octets. */
export const handshake = (target = "/", fields: ReadonlyArray<string> = []): string =>
  [
    `GET ${target} HTTP/1.1`,
    "Host: any.host",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ...fields,
    "",
    ""
  ].join("\r\n")

/** Text frames of a client, as octets; the masking key is zero. */
export const frame = (text: string): Uint8Array =>
  Uint8Array.from([0x81, 0x80 | text.length, 0, 0, 0, 0, ...new TextEncoder().encode(text)])
