import { describe, expect, it } from "@effect/vitest"
import * as fc from "fast-check"
import { afterHostTurn } from "../../src/host/HostTurn.js"
import { immediate, Lane, whole } from "../../src/transport/Lane.js"
import { TransportError } from "../../src/WebSocketError.js"

const eof = new TransportError({ reason: { _tag: "EndOfStream" } })
const resetError = new TransportError({ reason: { _tag: "Reset" } })
/** Enough turns for whatever can go on to go on. */
const turn = async () => {
  for (let count = 0; count < 5; count++) await new Promise<void>((resolve) => afterHostTurn(resolve))
}

/** What was pushed, in chunks of at most `size`, with a pause before each chunk that `pauses` says; then the end. */
const through = async (pushed: ReadonlyArray<Uint8Array>, size: number, pauses: ReadonlyArray<boolean>) => {
  const lane = new Lane(
    immediate,
    (_, length) => Math.min(length, size),
    () => {}
  )
  const received: Array<number> = []
  let chunks = 0
  const ended = new Promise<TransportError>((resolve) => {
    const flow = lane.receive((octets) => {
      received.push(...octets)
      if (pauses[chunks++ % pauses.length] !== true) return
      flow.pause()
      afterHostTurn(flow.resume)
    }, resolve)
    for (const octets of pushed) lane.push(octets)
    lane.finish(eof, false)
  })
  expect(await ended).toBe(eof)
  expect([lane.octets, lane.done]).toEqual([0, true])
  return received
}

describe("Lane", () => {
  it("chunking and pausing do not matter: what was pushed arrives in order, then the end", async () => {
    const pushed = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 40 })
    const pauses = fc.array(fc.boolean(), { minLength: 1, maxLength: 5 })
    await fc.assert(
      fc.asyncProperty(pushed, fc.integer({ min: 1, max: 20 }), pauses, async (chunks, size, pauses) => {
        expect(await through(chunks, size, pauses)).toEqual(chunks.flatMap((octets) => [...octets]))
      }),
      { numRuns: 50 }
    )
  })

  it("truncate keeps the oldest octets, whatever was delivered of them", async () => {
    const property = fc.asyncProperty(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 9 }), { maxLength: 9 }),
      fc.nat(90),
      fc.nat(9),
      async (pushed, limit, taken) => {
        const lane = new Lane(
          immediate,
          () => 1,
          () => {}
        )
        const received: Array<number> = []
        const flow = lane.receive(
          (octets) => {
            received.push(...octets)
            if (received.length === taken) flow.pause()
          },
          () => {}
        )
        if (taken === 0) flow.pause()
        for (const octets of pushed) lane.push(octets)
        await turn()
        const before = received.length
        lane.truncate(limit)
        flow.resume()
        await turn()
        const all = pushed.flatMap((octets) => [...octets])
        expect(received).toEqual(all.slice(0, before + limit))
        expect(lane.octets).toBe(0)
      }
    )
    await fc.assert(property, { numRuns: 50 })
  })

  it("an end waits for a paused receiver, a hard one only for octets", async () => {
    const lane = new Lane(immediate, whole, () => {})
    const ends: Array<TransportError> = []
    lane
      .receive(
        () => {},
        (error) => ends.push(error)
      )
      .pause()
    lane.finish(eof, false)
    await turn()
    expect(ends).toEqual([])
    lane.finish(resetError, true)
    await turn()
    lane.finish(eof, true)
    await turn()
    expect(ends).toEqual([resetError])
  })

  it("close drops what is there, and tells the end though nobody resumed", async () => {
    const lane = new Lane(immediate, whole, () => {})
    const seen: Array<unknown> = []
    const flow = lane.receive(
      (octets) => seen.push(octets),
      (error) => seen.push(error)
    )
    lane.push(Uint8Array.of(1))
    flow.pause()
    lane.close(resetError)
    lane.push(Uint8Array.of(2))
    flow.resume()
    await turn()
    expect(seen).toEqual([resetError])
  })
})
