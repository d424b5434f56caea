/**
 * What the event 'upgrade' of a `node:http` server brings, kept for the request of @effect/platform that is made of it.
 *
 * The octets behind the head are nowhere else, and an error of the socket before anybody reads it would end the process.
 */
import type * as http from "node:http"
import type * as https from "node:https"
import type * as stream from "node:stream"
import type { HttpServerRequest } from "@effect/platform/HttpServerRequest"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"

/** An upgrade that nobody has answered yet. */
export interface UpgradeEvent {
  readonly request: http.IncomingMessage
  readonly socket: stream.Duplex
  /** The first octets of what comes behind the head. */
  readonly octets: Uint8Array
}

const events = new WeakMap<object, UpgradeEvent>()

const unheard = (): void => {}

const onUpgrade = (request: http.IncomingMessage, socket: stream.Duplex, octets: Uint8Array): void => {
  socket.on("error", unheard)
  events.set(request, { request, socket, octets })
}

/** Keeps what the upgrades of this server bring. */
export const watch = <S extends http.Server | https.Server>(server: S): S => {
  server.prependListener("upgrade", onUpgrade)
  return server
}

/** The upgrade of a request, unless it was taken, or the request is none. */
export const of = (request: HttpServerRequest): UpgradeEvent | undefined =>
  events.get(NodeHttpServerRequest.toIncomingMessage(request))

/** From now on the socket belongs to the caller: whatever answers the request writes nothing to it. */
export const take = (request: HttpServerRequest, { request: incoming, socket }: UpgradeEvent): void => {
  events.delete(incoming)
  const response = NodeHttpServerRequest.toServerResponse(request)
  // A response that has ended is not written; one without a socket is never 'finished', which would end the socket.
  response.detachSocket(socket as http.IncomingMessage["socket"])
  response.end()
}
