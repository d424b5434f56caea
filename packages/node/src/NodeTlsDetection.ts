/**
 * TLS and plain connections on one port: the first octets of a socket tell which it is.
 *
 * What was read for it stands in the socket again before anybody else reads it, and TLS takes it from there. A socket of which
 * nothing is known waits; its deadline is Effect's, and its end is a failure.
 */

import type * as net from "node:net"
import { isTlsClientHello } from "@effect-websocket/protocol/bytes/TlsClientHello"
import * as Effect from "effect/Effect"
import { TransportError } from "effect-websocket/WebSocketError"
import * as NodeDuplex from "./NodeDuplex.js"
import * as NodeError from "./NodeError.js"
import type { Handshake } from "./NodeTlsServer.js"

const ended = (cause: unknown): TransportError =>
  cause ? NodeError.stream(cause) : new TransportError({ reason: { _tag: "EndOfStream" } })

/** Whether the client of a socket, from which nothing was read yet, speaks TLS. */
export const speaksTls = (socket: net.Socket): Effect.Effect<boolean, TransportError> =>
  Effect.async<boolean, TransportError>((resume) => {
    let octets = Buffer.alloc(0)
    const release = () => {
      socket.off("data", onData).off("end", onEnd).off("close", onEnd)
      socket.pause()
    }
    const onData = (chunk: Buffer) => {
      octets = Buffer.concat([octets, chunk])
      const answer = isTlsClientHello(octets)
      if (answer === "more") return
      release()
      socket.unshift(octets)
      resume(Effect.succeed(answer === "yes"))
    }
    const onEnd = () => {
      release()
      resume(Effect.fail(ended(socket.errored)))
    }
    if (socket.destroyed) return onEnd()
    socket.on("data", onData).on("end", onEnd).on("close", onEnd).resume()
    return Effect.sync(release)
  })

/** Makes the handshake of those who speak TLS; the others are connected as they are. A failure destroys the socket. */
export const tlsOrPlain =
  (handshake: Handshake): Handshake =>
  (socket) =>
    Effect.flatMap(speaksTls(socket), (isTls) =>
      isTls ? handshake(socket) : Effect.sync(() => NodeDuplex.unsafeMake(socket))
    ).pipe(Effect.onError(() => Effect.sync(() => socket.destroy())))
