import { describe, expect, it } from "@effect/vitest"
import { comparable, cuts, drives, type FrameCase, frameCases, fromHex, messagesOf } from "../support/corpus.js"
import { against, type Role } from "../support/framePlay.js"
import { type FramesRead, readFrames } from "../support/kernel.js"
import { leavesNothing } from "../support/leaks.js"
import { places } from "../support/places.js"

const octetsFor = (role: Role, { toClient, toServer }: FrameCase): Uint8Array | undefined => {
  const written = role === "server" ? toServer : toClient
  return written === undefined ? undefined : fromHex(written)
}

/** The cases that make sense for a receiver of this role, with their octets. */
const casesFor = (role: Role) =>
  frameCases.flatMap((each) => {
    const octets = octetsFor(role, each)
    return octets === undefined ? [] : [{ each, octets, title: `${each.id} ${each.name}` }]
  })

const tagOf = (error: string): string | undefined =>
  error.startsWith("ProtocolError.") ? error.slice("ProtocolError.".length) : undefined

const expectedOfKernel = (each: FrameCase): FramesRead => ({
  messages: comparable(messagesOf(each)),
  pings: each.expect.pong === undefined ? [] : [each.expect.pong],
  close: each.expect.close ?? undefined,
  violation: tagOf(each.expect.error)
})

describe("the corpus of frames against the kernel", () => {
  for (const role of ["server", "client"] as const) {
    for (const { each, octets, title } of casesFor(role)) {
      it(`${role}: ${title}`, () => {
        const expected = expectedOfKernel(each)
        for (const [way, pieces] of [...drives(octets), ...cuts(octets)]) {
          const read = readFrames(role, pieces, each.deflate)
          expect({ way, ...read, messages: comparable(read.messages) }).toEqual({ way, ...expected })
        }
      })
    }
  }
})

for (const [name, place] of Object.entries(places)) {
  for (const role of ["server", "client"] as const) {
    describe(`the corpus of frames against our ${role} over ${name}`, () => {
      leavesNothing()
      for (const { each, octets, title } of casesFor(role)) {
        for (const [way, pieces] of drives(octets)) {
          it.scopedLive(`${title}, ${way}`, () => against(role, place, each, pieces))
        }
      }
    })
  }
}
