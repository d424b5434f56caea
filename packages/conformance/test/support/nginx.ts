/** Debian's nginx as a reverse proxy in front of a server of ours, and pairs of our own ends through it. */
import { spawn } from "node:child_process"
import * as fs from "node:fs"
import * as net from "node:net"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { WebSocket } from "effect-websocket/WebSocket"
import type { Closure } from "effect-websocket/WebSocketError"
import * as certificates from "./certificates.js"
import { type Partner, rooms } from "./Partner.js"
import { directory } from "./temporary.js"

const program = "/usr/sbin/nginx"

/** A machine without it fails the tests that need it. */
export const needsNginx = (): void => {
  if (!fs.existsSync(program)) throw new Error(`${program} is missing: install Debian's package nginx-light`)
}

const listening = Effect.acquireRelease(
  Effect.async<net.Server>((resume) => {
    const server = net.createServer()
    server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
  }),
  (server) => Effect.sync(() => server.close())
)

const tls = (folder: string): string =>
  `ssl_certificate ${folder}/server.pem; ssl_certificate_key ${folder}/server-key.pem;`

/** What its documentation says of WebSockets, and nothing more. */
const configuration = (folder: string, port: number, upstream: string, secure: boolean): string => `
daemon off; worker_processes 1; user root; pid ${folder}/pid; error_log stderr crit;
events {}
http {
  access_log off;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  server {
    listen 127.0.0.1:${port}${secure ? " ssl" : ""};
    ${secure ? tls(folder) : ""}
    location / {
      proxy_pass ${upstream};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade";
      proxy_set_header Host $http_host;
    }
  }
}
`

const write = (folder: string, text: string): string => {
  const file = path.join(folder, "nginx.conf")
  fs.writeFileSync(file, text)
  fs.writeFileSync(path.join(folder, "server.pem"), certificates.server.cert)
  fs.writeFileSync(path.join(folder, "server-key.pem"), certificates.server.key)
  return file
}

/** Starts it with a socket that listens already, as its upgrades do: nobody has to wait for it, and no port is guessed. */
const start = (file: string, folder: string, socket: number) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const child = spawn(program, ["-c", file, "-p", folder], {
        stdio: ["ignore", "ignore", "pipe", socket],
        env: { NGINX: "3;" }
      })
      let told = ""
      child.stderr!.on("data", (text) => {
        told += text
      })
      const onClose = (code: number | null) => code !== 0 && console.error(told)
      return { child, gone: new Promise((resolve) => child.once("close", resolve).once("close", onClose)) }
    }),
    ({ child, gone }) =>
      Effect.promise(() => {
        child.kill("SIGTERM")
        return gone
      })
  )

const fdOf = (server: net.Server): number => (server as unknown as { _handle: { fd: number } })._handle.fd

/** nginx in front of a server; the URI under which clients reach it. */
export const proxied = (uri: string, secure = false) =>
  Effect.gen(function* () {
    const folder = yield* directory
    const scope = yield* Effect.scope
    const upstream = uri.replace("ws:", "http:").replace(/\/$/, "")
    const begin = (server: net.Server) => {
      const { port } = server.address() as net.AddressInfo
      const file = write(folder, configuration(folder, port, upstream, secure))
      return Effect.as(Scope.extend(start(file, folder, fdOf(server)), scope), port)
    }
    const port = yield* Effect.scoped(Effect.flatMap(listening, begin))
    return `${secure ? "wss" : "ws"}://127.0.0.1:${port}/`
  })

/** One of our own connections as a partner. */
export const ofOurs = (ws: WebSocket): Effect.Effect<Partner, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { closed, messages, onClose, receive } = yield* rooms
    yield* Effect.forkScoped(Effect.ignore(ws.run((message) => messages.offer(message))))
    const told = ({ clean, received }: Closure) => {
      const { code, reason } = Option.getOrElse(received, () => ({ code: 1006, reason: "" }))
      onClose(clean ? code : 1006, reason)
    }
    yield* Effect.forkScoped(Effect.map(ws.closed, told))
    const run = yield* FiberSet.makeRuntime<never>()
    const begin = (effect: Effect.Effect<unknown, unknown>) => void run(Effect.ignore(effect))
    return {
      subprotocol: ws.negotiated.subprotocol ?? "",
      extensions: Option.match(ws.compression, { onNone: () => "", onSome: () => "permessage-deflate" }),
      send: (message) => begin(ws.send(message)),
      sendFragments: (parts) => begin(ws.sendStream("text", Stream.fromIterable(parts))),
      receive,
      ping: Effect.asVoid(Effect.orDie(ws.ping())),
      close: (code, reason) => begin(ws.close(code, reason)),
      alwaysHasCode: true,
      closed,
      terminate: () => void (ws.info.native as net.Socket).destroy()
    }
  })
