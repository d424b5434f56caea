import type * as net from "node:net"
import * as tls from "node:tls"
import * as Effect from "effect/Effect"

/** A TLS server of Node.js: its connections, and the sockets beneath them. */
export const tlsServer = (options: tls.TlsOptions) =>
  Effect.acquireRelease(
    Effect.async<{
      readonly server: tls.Server
      readonly sockets: Array<tls.TLSSocket>
      readonly raw: Array<net.Socket>
      readonly port: number
    }>((resume) => {
      const sockets: Array<tls.TLSSocket> = []
      const raw: Array<net.Socket> = []
      const server = tls.createServer({ allowHalfOpen: true, ...options }, (socket) => {
        sockets.push(socket.on("error", () => {}))
      })
      server.on("connection", (socket) => raw.push(socket.on("error", () => {})))
      server.on("tlsClientError", () => {})
      server.listen(0, "127.0.0.1", () => {
        resume(Effect.succeed({ server, sockets, raw, port: (server.address() as net.AddressInfo).port }))
      })
    }),
    ({ raw, server }) =>
      Effect.sync(() => {
        for (const socket of raw) socket.destroy()
        server.close()
      })
  )
