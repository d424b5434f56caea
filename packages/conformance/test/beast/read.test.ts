import { describe, expect, it } from "@effect/vitest"
import { badDeflate, messageTooBig } from "@effect-websocket/protocol/frame/ProtocolViolation"
import { drives, fromHex } from "../support/corpus.js"
import { engine } from "../support/deflateEngine.js"
import { against } from "../support/framePlay.js"
import { leavesNothing } from "../support/leaks.js"
import { places } from "../support/places.js"
import { autobahn, octetsOf } from "./autobahnCases.js"
import { differs, titled } from "./deviations.js"
import { parseFrame, type ReadCase, read2 } from "./readCases.js"
import { suspended } from "./suspended.js"

const titleOf = ({ beast, differs: different, name, octets, to }: ReadCase): string => {
  const shown = typeof octets === "string" ? octets : `${octets[0]}…`
  const said = beast === undefined ? "read" : beast
  return titled(`${name}, ${shown} to the ${to}: ${said}`, different)
}

/** The octets in pieces of this size. */
const chopped = (octets: Uint8Array, size = octets.length): ReadonlyArray<Uint8Array> =>
  Array.from({ length: Math.ceil(octets.length / Math.max(1, size)) }, (_, n) =>
    octets.subarray(n * size, (n + 1) * size)
  )

for (const [suite, cases] of [
  ["read2.cpp: the octets of doTestRead", read2],
  ["read3.cpp: the octets of testParseFrame and testIssue802", parseFrame]
] as const) {
  for (const [place, where] of Object.entries(places)) {
    describe(`Beast ${suite} (PARITY §17.5), over ${place}`, () => {
      leavesNothing()
      for (const each of cases) {
        for (const [way, pieces] of drives(fromHex(each.octets))) {
          it.scopedLive(`${titleOf(each)}, ${way}`, () => against(each.to, where, each, pieces, each.limits))
        }
      }
    })
  }
}

describe("Autobahn test suite, by its numbers (PARITY TD-14)", () => {
  leavesNothing()
  for (const role of ["server", "client"] as const) {
    for (const each of autobahn) {
      it.scopedLive(`Autobahn ${each.id}, our ${role}`, () => {
        const octets = octetsOf(each, role === "server" ? "client" : "server")
        return against(role, places.memory!, each, chopped(octets, each.chop))
      })
    }
  }
})

const inFragments = (between: string): string => `01012a${between}80012a`

suspended("read3.cpp: testSuspend (PARITY §17.5)", [
  {
    name: "suspend on read block",
    operations: ["close", "read"],
    ends: { meanwhile: { close: "closed", read: "Closed" } },
    differs: differs("a pending read gets `operation_aborted` when we close")
  },
  {
    name: "suspend on release read block",
    operations: ["read", "close"],
    ends: { meanwhile: { read: "Closed", close: "closed" } },
    differs: differs("a pending read gets `operation_aborted` when we close")
  },
  {
    name: "suspend on write pong",
    octets: "8900",
    operations: ["read", "write"],
    ends: { meanwhile: { read: "the message", write: "written" } }
  },
  {
    name: "ignore ping when closing",
    octets: inFragments("8900"),
    operations: ["read", "close"],
    ends: { before: { read: "**", close: "closed" } }
  },
  {
    name: "ignore ping when closing",
    octets: inFragments("8900"),
    operations: ["read", "close"],
    ends: { meanwhile: { read: "Closed", close: "closed" } },
    differs: differs("a read under way gets its message while we close")
  },
  {
    name: "see if we are already closing",
    octets: inFragments("8800"),
    operations: ["read", "close"],
    ends: { before: { read: "Closed", close: "closed" }, meanwhile: { read: "Closed", close: "closed" } },
    differs: differs("a pending read gets `operation_aborted` when we close")
  }
])

describe("Beast read2.cpp, read3.cpp: payloads of compressed messages (PARITY §17.5)", () => {
  it("doTestReadDeflate: message size limit", () => {
    engine({ windowBits: 9, level: 1, limit: 32 }, ({ deflate, inflate }) => {
      expect(inflate(deflate(new Uint8Array(128).fill(0x2a)))).toEqual(messageTooBig(32))
    })
  })

  it("issue 1630, issue 3028: data that come in pieces, of one octet as well", () => {
    for (const size of [1, 2, 7, 1536]) {
      engine({}, ({ deflate, inflate }) => {
        for (let length = 0; length < 5000; length = length * 3 + 1) {
          const message = Uint8Array.from({ length }, (_, index) => (index * index) >> 5)
          expect(inflate(deflate(message), size)).toEqual(message)
        }
      })
    }
  })

  it("issue 2879: a block that says it has more octets than may be, and has them or not", () => {
    const block = (length: number) => Uint8Array.from([...fromHex("00ffff0000"), ...new Uint8Array(length)])
    engine({ limit: 2048 }, ({ inflate }) => expect(inflate(block(3000))).toEqual(messageTooBig(2048)))
    engine({ limit: 2048 }, ({ inflate }) => expect(inflate(block(100))).toBe(badDeflate))
  })

  it(
    titled(
      "Bishop Fox 1: a block of one octet, which ends within the tail",
      differs("data that do not inflate get no Close frame")
    ),
    () => {
      engine({}, ({ inflate }) => expect(inflate(fromHex("73"))).toBe(badDeflate))
    }
  )

  it("Bishop Fox 2: data behind a block with BFINAL which are none", () => {
    engine({}, ({ inflate }) => expect(inflate(fromHex("0b000000fafafafa"))).toBe(badDeflate))
  })

  it(titled("a message that ends with BFINAL, and another one", differs("`BFINAL` ends the connection")), () => {
    engine({}, ({ inflate }) => {
      expect(inflate(fromHex("f348cdc9c9070000"))).toEqual(Uint8Array.from(Buffer.from("Hello")))
      expect(inflate(fromHex("f248cdc9c90700"))).toEqual(Uint8Array.from(Buffer.from("Hello")))
    })
  })
})
