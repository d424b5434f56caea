import * as net from "node:net"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { bind } from "../src/NodeBinding.js"

const asked = { _tag: "TcpAddress", hostname: "127.0.0.1", port: 0 } as const

const server = Effect.acquireRelease(
  Effect.sync(() => net.createServer()),
  (server) => Effect.sync(() => server.close())
)

describe("bind", () => {
  it.scopedLive("gives the address with the port that the system chose", () =>
    Effect.gen(function* () {
      const address = yield* bind(yield* server, { address: asked, listen: { host: "127.0.0.1", port: 0 } })
      expect(address).toEqual({ ...asked, port: expect.any(Number) })
      expect(address).not.toEqual(asked)
    })
  )

  it.scopedLive("a server that listens already is Open, with the error of Node.js", () =>
    Effect.gen(function* () {
      const one = yield* server
      const binding = { address: asked, listen: { host: "127.0.0.1", port: 0 } }
      yield* bind(one, binding)
      const error = yield* Effect.flip(bind(one, binding))
      expect(error.reason).toEqual({ _tag: "Listen", address: "127.0.0.1:0" })
      expect(error.cause).toMatchObject({ code: "ERR_SERVER_ALREADY_LISTEN" })
    })
  )

  it.scopedLive("what goes wrong while it listens is a warning, and it listens on", () =>
    Effect.gen(function* () {
      const one = yield* server
      yield* bind(one, { address: asked, listen: { host: "127.0.0.1", port: 0 } })
      one.emit("error", new Error("too many files are open"))
      expect(one.listening).toBe(true)
    })
  )
})
