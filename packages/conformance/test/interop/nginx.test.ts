import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { CompressionChoice } from "effect-websocket/Compression"
import { reject } from "effect-websocket/Handshake"
import { beforeAll } from "vitest"
import { deflateCases, expectDeflate, interop, type Open } from "../support/interop.js"
import { leavesNothing } from "../support/leaks.js"
import { needsNginx, ofOurs, proxied } from "../support/nginx.js"
import { connect, serve } from "../support/overTcp.js"

beforeAll(needsNginx)

/** Our client, nginx, and our server as the partner. */
const through =
  (secure: boolean, compression?: CompressionChoice): Open =>
  (offered) =>
    Effect.gen(function* () {
      const { first, uri } = yield* serve({ subprotocols: ["chat"], compression })
      const ours = yield* connect(yield* proxied(uri, secure), { subprotocols: offered, compression })
      return { ours, theirs: yield* ofOurs(yield* first) }
    })

const { agreed } = deflateCases["with our defaults"]!

interop("our client and our server, nginx in between", through(false))

interop("our client and our server, nginx in between which ends TLS, deflated", (offered) =>
  Effect.tap(through(true, true)(offered), (pair) => expectDeflate(pair, agreed))
)

describe("a server behind nginx", () => {
  leavesNothing()

  it.scopedLive("RFC 6455 §4.2.2: its refusal reaches the client with status, fields and body", () =>
    Effect.gen(function* () {
      const refusal = reject({ status: 401, fields: { "WWW-Authenticate": "Basic" }, body: "who are you?" })
      const { uri } = yield* serve({ authorize: () => Effect.fail(refusal) })
      const error = yield* Effect.flip(connect(yield* proxied(uri)))
      if (error._tag !== "HandshakeError") return expect.unreachable(error.message)
      const { body, head } = Option.getOrThrow(error.response)
      expect([head.status, head.fields.get("WWW-Authenticate")]).toEqual([401, "Basic"])
      expect(Buffer.from(body).toString()).toBe("who are you?")
    })
  )

  it.scopedLive("RFC 6455 §10.2: knows its origin where nginx ends TLS, when it is told by `secure`", () =>
    Effect.gen(function* () {
      for (const secure of [true, undefined]) {
        const { uri } = yield* serve({ secure })
        const outside = yield* proxied(uri, true)
        const Origin = outside.replace("wss:", "https:").slice(0, -1)
        const status = yield* Effect.matchEffect(connect(outside, { fields: { Origin } }), {
          onSuccess: ({ negotiated }) => Effect.succeed(negotiated.response.status),
          onFailure: (error) =>
            error._tag === "HandshakeError"
              ? Effect.succeed(Option.getOrThrow(error.response).head.status)
              : Effect.fail(error)
        })
        expect(status).toBe(secure === true ? 101 : 403)
      }
    })
  )
})
