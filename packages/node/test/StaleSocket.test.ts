import * as fs from "node:fs"
import * as net from "node:net"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as StaleSocket from "../src/StaleSocket.js"
import { event, leavesNothing } from "./support/sockets.js"
import { leaveStale, socketPath } from "./support/temporary.js"

describe("the file of a Unix socket", () => {
  it.scopedLive("is removed if nobody listens there", () =>
    Effect.gen(function* () {
      const path = yield* leaveStale
      expect(fs.lstatSync(path).isSocket()).toBe(true)
      expect(yield* leavesNothing(StaleSocket.remove(path))).toBe(true)
      expect(fs.existsSync(path)).toBe(false)
    })
  )

  it.scopedLive("is not removed if somebody listens there", () =>
    Effect.gen(function* () {
      const path = yield* socketPath
      const server = net.createServer((socket) => socket.on("error", () => {}).resume()).listen(path)
      yield* event(server, "listening")
      expect(yield* StaleSocket.remove(path)).toBe(false)
      expect(fs.existsSync(path)).toBe(true)
      server.close()
    })
  )

  it.scopedLive("is not removed if it is no socket, nor if there is none", () =>
    Effect.gen(function* () {
      const path = yield* socketPath
      expect(yield* StaleSocket.remove(path)).toBe(false)
      fs.writeFileSync(path, "precious")
      expect(yield* StaleSocket.remove(path)).toBe(false)
      expect(fs.readFileSync(path, "utf8")).toBe("precious")
    })
  )
})
