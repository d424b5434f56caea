import { differs } from "./deviations.js"
import { type Suspended, suspended } from "./suspended.js"

const aborted = differs("a pending read gets `operation_aborted` when we close")

/** Octets that are there before the Ping, or come behind it. */
const bothMoments = (ends: Readonly<Record<string, string>>) => ({ before: ends, meanwhile: ends })

const suspensions: ReadonlyArray<Suspended> = [
  { name: "suspend on write", operations: ["write", "ping"], ends: { meanwhile: { write: "written", ping: "pong" } } },
  {
    name: "suspend on close",
    operations: ["close", "ping"],
    ends: { meanwhile: { close: "closed", ping: "SendError.Closing" } }
  },
  {
    name: "suspend on read ping + message",
    octets: "890081012a",
    operations: ["read", "ping"],
    ends: bothMoments({ read: "*", ping: "pong" })
  },
  {
    name: "suspend on read bad message",
    octets: "0900",
    operations: ["read", "ping"],
    ends: {
      before: { read: "ProtocolError.BadControlFragment", ping: "SendError.Closed" },
      meanwhile: { read: "ProtocolError.BadControlFragment", ping: "ProtocolError.BadControlFragment" }
    }
  },
  {
    name: "suspend on read close #1",
    octets: "8800",
    operations: ["read", "ping"],
    ends: { before: { read: "Closed", ping: "SendError.Closed" }, meanwhile: { read: "Closed", ping: "Closed" } },
    differs: aborted
  },
  {
    name: "suspend on read close #2, with a code",
    octets: "880203e9",
    operations: ["read", "ping", "pong"],
    ends: { before: { read: "Closed", ping: "SendError.Closed", pong: "SendError.Closed" } },
    differs: aborted
  },
  {
    name: "don't ping on close",
    operations: ["write", "close", "ping", "pong"],
    ends: { meanwhile: { write: "written", close: "closed", ping: "SendError.Closing", pong: "SendError.Closing" } }
  },
  {
    name: "pings after a close are aborted, and so is a further close",
    octets: "8800",
    operations: ["read", "ping", "close"],
    ends: { before: { read: "Closed", ping: "SendError.Closed", close: "closed" } },
    differs: differs("a second `close` fails")
  }
]

suspended("ping.cpp: testPing (PARITY §17.4)", [
  { name: "ping", operations: ["ping"], ends: { meanwhile: { ping: "pong" } } },
  { name: "pong", operations: ["pong"], ends: { meanwhile: { pong: "written" } } }
])

suspended("ping.cpp: testSuspend (PARITY §17.4)", suspensions)
