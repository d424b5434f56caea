/**
 * What middleware of @effect/platform wants in every response (`HttpApp.appendPreResponseHandler`: cookies, CORS) as fields of
 * the 101, which is sent while the application still runs.
 */
import * as Cookies from "@effect/platform/Cookies"
import * as HttpApp from "@effect/platform/HttpApp"
import type { HttpServerRequest } from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { Fields } from "@effect-websocket/protocol/http/Fields"
import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import * as Option from "effect/Option"

const fieldsOf = ({ cookies, headers }: HttpServerResponse.HttpServerResponse): Fields =>
  Cookies.toSetCookieHeaders(cookies).reduce(
    (fields, cookie) => fields.append("Set-Cookie", cookie),
    Fields.from(Object.entries(headers))
  )

/** The fields which the handlers put into a 101. */
export const fields = (request: HttpServerRequest): Effect.Effect<Fields> =>
  Effect.flatMap(FiberRef.get(HttpApp.currentPreResponseHandlers), (handlers) =>
    Option.match(handlers, {
      onNone: () => Effect.succeed(Fields.empty),
      onSome: (handler) =>
        Effect.orDie(Effect.map(handler(request, HttpServerResponse.empty({ status: 101 })), fieldsOf))
    })
  )

/** The response was sent: they are not called again for the one that ends the request, which nobody sees. */
export const done: Effect.Effect<void> = FiberRef.set(HttpApp.currentPreResponseHandlers, Option.none())
