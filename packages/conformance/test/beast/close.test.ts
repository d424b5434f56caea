import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as WebSocket from "effect-websocket/WebSocket"
import type { Written } from "../support/corpus.js"
import { leavesNoFiber } from "../support/fibers.js"
import { leavesNothing } from "../support/leaks.js"
import { meet } from "../support/operations.js"
import { places } from "../support/places.js"
import { differs, titled } from "./deviations.js"
import { type Suspended, suspended } from "./suspended.js"

const pingAndMessage = "890081012a"
const aborted = differs("a pending read gets `operation_aborted` when we close")
const second = differs("a second `close` fails")

const suspensions: ReadonlyArray<Suspended> = [
  {
    name: "suspend on ping",
    operations: ["ping", "close"],
    ends: { meanwhile: { ping: "pong", close: "closed" } }
  },
  {
    name: "suspend on write",
    operations: ["write", "close"],
    ends: { meanwhile: { write: "written", close: "closed" } }
  },
  {
    name: "suspend on read ping + message",
    octets: pingAndMessage,
    operations: ["read", "close"],
    ends: { before: { read: "*", close: "closed" } }
  },
  {
    name: "suspend on read ping + message",
    octets: pingAndMessage,
    operations: ["read", "close"],
    ends: { meanwhile: { read: "Closed", close: "closed" } },
    differs: differs("a read under way gets its message while we close")
  },
  {
    name: "suspend on read bad message",
    octets: "0900",
    operations: ["read", "close"],
    ends: {
      before: { read: "ProtocolError.BadControlFragment", close: "closed by ProtocolError.BadControlFragment" },
      meanwhile: { read: "ProtocolError.BadControlFragment", close: "closed by ProtocolError.BadControlFragment" }
    },
    differs: differs("`close` fails when the peer breaks the protocol meanwhile")
  },
  {
    name: "suspend on read close",
    octets: "8800",
    operations: ["read", "close"],
    ends: { before: { read: "Closed", close: "closed" }, meanwhile: { read: "Closed", close: "closed" } },
    differs: second
  },
  {
    name: "teardown on received close",
    octets: "8800",
    operations: ["write", "read", "close"],
    ends: { meanwhile: { write: "written", read: "Closed", close: "closed" } },
    differs: aborted
  },
  {
    name: "teardown on received close",
    octets: "8800",
    operations: ["write", "read", "close"],
    ends: { before: { write: "SendError.Closed", read: "Closed", close: "closed" } },
    differs: second
  },
  {
    name: "check for deadlock",
    octets: "8900",
    operations: ["write", "read", "close"],
    ends: {
      before: { write: "written", read: "Closed", close: "closed" },
      meanwhile: { write: "written", read: "Closed", close: "closed" }
    },
    differs: aborted
  },
  {
    name: "four-way: close, read, write, ping",
    operations: ["close", "read", "write", "ping"],
    ends: { meanwhile: { close: "closed", read: "Closed", write: "SendError.Closing", ping: "SendError.Closing" } },
    differs: differs("a write waits while a close is under way, and fails then")
  },
  {
    name: "four-way: read, write, ping, close",
    operations: ["read", "write", "ping", "close"],
    ends: { meanwhile: { read: "Closed", write: "written", ping: "pong", close: "closed" } },
    differs: aborted
  },
  {
    name: "four-way: ping, read, write, close",
    operations: ["ping", "read", "write", "close"],
    ends: { meanwhile: { ping: "pong", read: "Closed", write: "written", close: "closed" } },
    differs: aborted
  }
]

suspended("close.cpp: testSuspend (PARITY §17.3)", suspensions)

/** What arrives while we close is read up to the Close frame of the peer. */
const drains = (name: string, octets: Written, end = "closed", different?: string): Suspended => ({
  name,
  octets,
  operations: ["close"],
  ends: { before: { close: end }, meanwhile: { close: end } },
  differs: different
})

const broken = differs("`close` fails when the peer breaks the protocol meanwhile")

suspended("close.cpp: doTestClose, octets in front of the Close frame (PARITY §17.3)", [
  drains("drain a message after close", "81012a"),
  drains("drain a big message after close", ["817e1001", { repeat: "2a", times: 4097 }]),
  drains("drain a ping after close", "89012a"),
  drains("drain invalid message frame after close", "8181ffffffff2a", "closed by ProtocolError.BadMaskedFrame", broken),
  drains("drain invalid close frame after close", "88012a", "closed by ProtocolError.BadCloseSize", broken),
  { ...drains("drain masked close frame", "88820102030402ea"), role: "server" }
])

describe("Beast close.cpp: doTestClose (PARITY §17.3)", () => {
  leavesNothing()
  for (const [place, { layer }] of Object.entries(places)) {
    it.live(titled(`normal close, over ${place}`, differs("`close({})` has no code")), () =>
      leavesNoFiber(
        Effect.gen(function* () {
          const { ws } = yield* meet("client")
          const closure = yield* ws.close()
          expect(closure).toMatchObject({ clean: true, initiator: "local" })
          expect(closure.sent).toEqual(Option.some({ code: 1000, reason: "" }))
          expect(closure.received).toEqual(Option.some({ code: 1000, reason: "" }))
        })
      ).pipe(Effect.provide([WebSocket.layer, layer]))
    )
  }
})
