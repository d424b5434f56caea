/**
 * A request of @effect/platform whose `upgrade` gives a Socket of this library: so RPC, DevTools and whatever else asks a request
 * for its Socket are on it without knowing.
 */

import { RequestError } from "@effect/platform/HttpServerError"
import type { HttpServerRequest } from "@effect/platform/HttpServerRequest"
import * as Respondable from "@effect/platform/HttpServerRespondable"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import type * as Socket from "@effect/platform/Socket"
import * as Effect from "effect/Effect"
import type { UpgradeError } from "./WebSocketUpgrade.js"

/** A refusal in the words of @effect/platform; it answers with the response of the refusal. */
export class UpgradableRequestError extends RequestError {
  static of(request: HttpServerRequest, cause: UpgradeError): UpgradableRequestError {
    return new UpgradableRequestError({ request, reason: "Decode", description: cause.message, cause })
  }

  override [Respondable.symbol](): HttpServerResponse.HttpServerResponse {
    const cause = this.cause as UpgradeError
    return cause._tag === "HandshakeError" ? cause.serverResponse : HttpServerResponse.empty({ status: 500 })
  }
}

/** The request with another `upgrade`, kept by `modify`. All else is the request's own. */
export const make = (
  request: HttpServerRequest,
  upgrade: Effect.Effect<Socket.Socket, UpgradeError>
): HttpServerRequest =>
  Object.create(request, {
    upgrade: { value: Effect.mapError(upgrade, (error) => UpgradableRequestError.of(request, error)) },
    modify: { value: (changes: Parameters<HttpServerRequest["modify"]>[0]) => make(request.modify(changes), upgrade) }
  })
