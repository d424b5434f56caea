import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as MemoryTransport from "effect-websocket/MemoryTransport"
import * as WebSocket from "effect-websocket/WebSocket"
import { engine } from "../support/deflateEngine.js"
import { leavesNoFiber } from "../support/fibers.js"
import { meet, together } from "../support/operations.js"
import { differs } from "./deviations.js"
import { type Suspended, suspended } from "./suspended.js"

/** Beast's write buffer, 4096 octets, and none: what `auto_fragment` is on and off. */
const fragmentings = [
  ["frag", 4096],
  ["nofrag", Infinity]
] as const

const onPing = (["server", "client"] as const).flatMap((role) =>
  fragmentings.map(
    ([fragmenting, fragmentSize]): Suspended => ({
      name: `suspend on ping: ${role === "client" ? "mask" : "nomask"}, ${fragmenting}`,
      role,
      limits: { fragmentSize },
      operations: ["write", "ping", "read"],
      message: "*".repeat(16384),
      ends: { meanwhile: { write: "written", ping: "pong", read: "the message" } }
    })
  )
)

suspended("write.cpp: testWriteSuspend (PARITY §17.6)", [
  { name: "suspend on ping", operations: ["ping", "write"], ends: { meanwhile: { ping: "pong", write: "written" } } },
  {
    name: "suspend on close",
    operations: ["close", "write"],
    ends: { meanwhile: { close: "closed", write: "SendError.Closing" } },
    differs: differs("a write waits while a close is under way, and fails then")
  },
  {
    name: "suspend on read ping + message",
    octets: "890081012a",
    operations: ["read", "write"],
    ends: { before: { read: "*", write: "written" }, meanwhile: { read: "*", write: "written" } }
  },
  ...onPing
])

describe("Beast write.cpp: issue 2880 (PARITY §17.6)", () => {
  for (const role of ["client", "server"] as const) {
    it.live(`a ${role} whose transport takes one octet at a time, less than a header`, () =>
      leavesNoFiber(
        Effect.gen(function* () {
          const { ws } = yield* meet(role)
          expect(yield* together(ws, ["write", "read"], "x".repeat(300))).toEqual({
            write: "written",
            read: "the message"
          })
        })
      ).pipe(Effect.provide([WebSocket.layer, MemoryTransport.layerWith({ maxChunk: 1, capacity: 1 })]))
    )
  }
})

describe("Beast write.cpp: doTestWriteDeflate (PARITY §17.6)", () => {
  it("deflate, continuation: the first part of a message gives no output, the second one all of it", () => {
    engine({ level: 1 }, ({ deflate, inflate }) => {
      expect(deflate(Uint8Array.from(Buffer.from("Hel")), "more")).toEqual(new Uint8Array(0))
      const payload = deflate(Uint8Array.from(Buffer.from("lo")))
      expect(inflate(payload)).toEqual(Uint8Array.from(Buffer.from("Hello")))
    })
  })
})
