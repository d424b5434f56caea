import * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as PreResponse from "../src/PreResponse.js"

const request = HttpServerRequest.fromWeb(new Request("http://localhost/"))

const pairs = Effect.map(PreResponse.fields(request), (fields) => [...fields].map(({ name, value }) => [name, value]))

describe("PreResponse", () => {
  it.effect("is nothing without handlers", () => Effect.map(pairs, (fields) => expect(fields).toEqual([])))

  it.effect("is what all handlers put into a 101: headers, and a Set-Cookie for each cookie", () =>
    Effect.gen(function* () {
      const statuses: Array<number> = []
      yield* HttpApp.appendPreResponseHandler((_, response) => {
        statuses.push(response.status)
        return Effect.succeed(HttpServerResponse.setHeader(response, "X-One", "1"))
      })
      yield* HttpApp.appendPreResponseHandler((_, response) =>
        Effect.succeed(
          HttpServerResponse.unsafeSetCookie(HttpServerResponse.unsafeSetCookie(response, "a", "1"), "b", "2")
        )
      )
      expect(yield* pairs).toEqual([
        ["x-one", "1"],
        ["Set-Cookie", "a=1"],
        ["Set-Cookie", "b=2"]
      ])
      expect(statuses).toEqual([101])
    })
  )

  it.effect("is nothing once it was done", () =>
    Effect.gen(function* () {
      yield* HttpApp.appendPreResponseHandler((_, response) =>
        Effect.succeed(HttpServerResponse.setHeader(response, "X-One", "1"))
      )
      yield* PreResponse.done
      expect(yield* pairs).toEqual([])
    })
  )
})
