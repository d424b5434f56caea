import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type { CompressionChoice } from "effect-websocket/Compression"
import { reject } from "effect-websocket/Handshake"
import { Agent, WebSocket } from "undici"
import { deflateCases, expectDeflate, interop, type Open } from "../support/interop.js"
import { leavesNothing } from "../support/leaks.js"
import { connect, serve } from "../support/overTcp.js"
import { ofUndici } from "../support/Partner.js"

/** A client of undici; its connections are destroyed at the end of the Scope. */
const undiciClient = (uri: string, protocols: ReadonlyArray<string> = []) =>
  Effect.gen(function* () {
    const dispatcher = yield* Effect.acquireRelease(
      Effect.sync(() => new Agent()),
      (agent) => Effect.promise(() => agent.destroy())
    )
    return new WebSocket(uri, { protocols: [...protocols], dispatcher })
  })

const open =
  (compression: CompressionChoice): Open =>
  (offered) =>
    Effect.gen(function* () {
      const { first, uri } = yield* serve({ subprotocols: ["chat"], compression })
      const socket = yield* undiciClient(uri, offered)
      yield* Effect.async<void>((resume) => socket.addEventListener("open", () => resume(Effect.void)))
      return { ours: yield* first, theirs: yield* ofUndici(socket) }
    })

interop("our server and the client of undici", open(false))

// It inflates, and does not compress what it sends.
interop("our server and the client of undici, deflated", (offered) =>
  Effect.tap(open({ threshold: 0 })(offered), (pair) => expectDeflate(pair, deflateCases["with our defaults"]!.agreed))
)

describe("refusals between us and undici", () => {
  leavesNothing()

  it.scopedLive("RFC 6455 §4.2.2: our refusal is an error of their client, and harms nobody", () =>
    Effect.gen(function* () {
      const { uri } = yield* serve({ authorize: () => Effect.fail(reject({ status: 401, body: "who are you?" })) })
      const socket = yield* undiciClient(uri)
      const closed = yield* Effect.async<number>((resume) => {
        socket.addEventListener("error", () => {})
        socket.addEventListener("close", ({ code }) => resume(Effect.succeed(code)))
      })
      expect(closed).toBe(1006)
      expect((yield* Effect.flip(connect(uri)))._tag).toBe("HandshakeError")
    })
  )
})
