/** The same octets to `ws` and to us. Where `ws` says something else, the difference has a name; none is without one. */
import { deflateRawSync } from "node:zlib"
import type { Role } from "@effect-websocket/protocol/bytes/Role"
import * as fc from "fast-check"
import { afterAll, describe, expect, it } from "vitest"
import {
  legalFrames,
  mutated,
  mutatedFrames,
  type RawFrame,
  wireOf
} from "../../../protocol/test/support/frameArbitraries.js"
import { type FramesRead, readFrames } from "../support/kernel.js"
import { readByWs } from "../support/wsReceiver.js"

/** With messages as text that is compared quickly. */
interface Said {
  readonly messages: ReadonlyArray<string>
  readonly pings: ReadonlyArray<string>
  readonly close: number | undefined
  readonly violation: string | undefined
}

const said = (read: FramesRead): Said => ({
  ...read,
  messages: read.messages.map((message) =>
    typeof message === "string" ? `text ${message}` : `binary ${Buffer.from(message).toString("hex")}`
  )
})

interface Difference {
  readonly name: string
  readonly applies: (ours: Said, theirs: Said) => boolean
}

const isPrefix = (some: ReadonlyArray<string>, all: ReadonlyArray<string>): boolean =>
  some.every((each, at) => each === all[at])

/** Where we and `ws` 8.23 part; with the case of HARDENING that says who is right. */
const differences: ReadonlyArray<Difference> = [
  {
    name: "F51–F54, F42–F44: ws takes lengths that are not minimal, and calls those with the highest bit too big",
    applies: (ours, theirs) => ours.violation === "BadSize" && isPrefix(ours.messages, theirs.messages)
  },
  {
    name: "U27, U28: ws looks at text when the message has ended, and may meet another fault before",
    applies: (ours, theirs) =>
      ours.violation === "BadFramePayload" &&
      isPrefix(ours.messages, theirs.messages) &&
      isPrefix(theirs.messages, ours.messages) &&
      isPrefix(ours.pings, theirs.pings)
  },
  {
    name: "D19, D26, D27: ws delivers a compressed message that was cut, or has octets behind its end",
    applies: (ours, theirs) => ours.violation === "BadDeflate" && isPrefix(ours.messages, theirs.messages)
  },
  {
    name: "D18: the inflater of ws does not survive a compressed message of no octets",
    applies: (ours, theirs) =>
      theirs.violation === "Z_DATA_ERROR" &&
      isPrefix(theirs.messages, ours.messages) &&
      theirs.messages.some((message) => /^(text|binary) $/.test(message))
  },
  {
    name: "ws inflates a compressed message when it has ended, and may meet another fault before",
    applies: (ours, theirs) =>
      ours.violation === "BadDeflate" && ours.messages.length === theirs.messages.length && theirs.close !== 1007
  }
]

const isSame = (ours: Said, theirs: Said): boolean =>
  ours.close === theirs.close &&
  isPrefix([...ours.messages, "pings", ...ours.pings], [...theirs.messages, "pings", ...theirs.pings]) &&
  ours.messages.length + ours.pings.length === theirs.messages.length + theirs.pings.length

/** A compressed message in fragments. */
const compressed = (role: Role): fc.Arbitrary<ReadonlyArray<RawFrame>> =>
  fc.tuple(fc.lorem({ maxCount: 20 }), fc.boolean(), fc.nat(40)).map(([text, isText, cut]) => {
    // The history of the one before is not used: each message is made by a compressor of its own.
    const payload = new Uint8Array(deflateRawSync(text, { finishFlush: 2 })).slice(0, -4)
    const masked = role === "server"
    const first = { fin: false, rsv: 4, opcode: isText ? 1 : 2, masked, key: cut, form: "shortest" as const }
    const [begin, end] = [payload.subarray(0, cut), payload.subarray(cut)]
    return [
      { ...first, payload: begin },
      { ...first, fin: true, rsv: 0, opcode: 0, payload: end }
    ]
  })

const withCompressed = (role: Role): fc.Arbitrary<ReadonlyArray<RawFrame>> =>
  fc.array(fc.oneof(compressed(role), legalFrames(role)), { minLength: 1, maxLength: 3 }).map((all) => all.flat())

const met = new Set<string>()

const compare = async (role: Role, frames: ReadonlyArray<RawFrame>, deflates: boolean): Promise<void> => {
  const octets = wireOf(frames)
  const [ours, theirs] = [said(readFrames(role, [octets], deflates)), said(await readByWs(role, octets, deflates))]
  if (isSame(ours, theirs)) return
  const difference = differences.find(({ applies }) => applies(ours, theirs))
  if (difference === undefined) expect(ours).toEqual(theirs)
  else met.add(difference.name)
}

describe("HARDENING: differential runs against the receiver of ws", () => {
  for (const role of ["client", "server"] as const) {
    it(`a ${role}: legal frames mean the same to both`, () =>
      fc.assert(
        fc.asyncProperty(legalFrames(role), async (frames) => {
          const octets = wireOf(frames)
          expect(said(await readByWs(role, octets, false))).toEqual(said(readFrames(role, [octets])))
        }),
        { numRuns: 100 }
      ))

    it(`a ${role}: of changed frames both say the same, or what they differ in is known`, () =>
      fc.assert(
        fc.asyncProperty(mutatedFrames(role), (frames) => compare(role, frames, false)),
        { numRuns: 400 }
      ))

    it(`a ${role}: of compressed messages, and changed ones, likewise (RFC 7692)`, () =>
      fc.assert(
        fc.asyncProperty(fc.oneof(withCompressed(role), mutated(withCompressed(role))), (frames) =>
          compare(role, frames, true)
        ),
        { numRuns: 300 }
      ))
  }

  afterAll(() => {
    expect([...met].filter((name) => name.startsWith("F51")).length).toBe(1)
  })
})
