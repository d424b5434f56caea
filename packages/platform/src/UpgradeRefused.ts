/**
 * A handshake that a route of @effect/platform refused: a typed failure, and by itself an ordinary response.
 */
import * as Cookies from "@effect/platform/Cookies"
import * as Respondable from "@effect/platform/HttpServerRespondable"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import type { Field } from "@effect-websocket/protocol/http/Fields"
import * as Option from "effect/Option"
import { HandshakeError, type HttpResponse } from "effect-websocket/WebSocketError"

/** What the server writes by itself, and what is no field of its responses. */
const notCopied = new Set(["content-length", "transfer-encoding", "set-cookie"])

const isCopied = ({ name }: Field): boolean => !notCopied.has(name.toLowerCase())

/** A response of the handshake as one of @effect/platform, through which middleware can put more into it. */
export const toServerResponse = ({ body, head }: HttpResponse): HttpServerResponse.HttpServerResponse => {
  const headers = Object.fromEntries(
    [...head.fields].filter(isCopied).map(({ name }) => [name.toLowerCase(), head.fields.combined(name) ?? ""])
  )
  const cookies = Cookies.fromSetCookie(head.fields.getAll("Set-Cookie"))
  const options = { status: head.status, headers, cookies }
  return body.length === 0 ? HttpServerResponse.empty(options) : HttpServerResponse.uint8Array(body, options)
}

const internalError = HttpServerResponse.empty({ status: 500 })

/** A refused handshake. A route that fails with it answers with its response. */
export class UpgradeRefused extends HandshakeError implements Respondable.Respondable {
  static of(error: HandshakeError): UpgradeRefused {
    const { keepAlive, leftover, reason, request, response, role } = error
    return new UpgradeRefused({ keepAlive, leftover, reason, request, response, role })
  }

  /** Status, fields and body of the refusal. */
  get serverResponse(): HttpServerResponse.HttpServerResponse {
    return Option.match(this.response, { onNone: () => internalError, onSome: toServerResponse })
  }

  [Respondable.symbol](): HttpServerResponse.HttpServerResponse {
    return this.serverResponse
  }
}
