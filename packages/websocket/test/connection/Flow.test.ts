import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { Flow } from "../../src/connection/Flow.js"
import { hostTurn } from "../../src/host/HostTurn.js"

/** A transport and a receiver that write down what is asked of them. */
const steered = () => {
  const calls: Array<string> = []
  const receiver = { isPaused: false }
  const flow = new Flow({ receiver, resumeReceiver: () => void calls.push("go on") })
  const attach = () => flow.attach({ pause: () => void calls.push("pause"), resume: () => void calls.push("resume") })
  return { attach, calls, flow, receiver }
}

const turn = () => Effect.runPromise(hostTurn)

describe("back-pressure inwards (B02)", () => {
  it("stops when the application has enough, and goes on when it has room: once each", () => {
    const { attach, calls, flow } = steered()
    attach()
    flow.steer()
    flow.isPaused = true
    flow.steer()
    flow.steer()
    flow.resume()
    flow.resume()
    expect(calls).toEqual(["pause", "resume"])
  })

  it("what was stopped before the transport began to deliver stays stopped", () => {
    const { attach, calls, flow } = steered()
    flow.isPaused = true
    flow.steer()
    attach()
    expect(calls).toEqual(["pause"])
  })

  it("RFC 7692 §7.2.2: a receiver that is paused goes on after a turn of the event loop, and nothing is read meanwhile", async () => {
    const { attach, calls, flow, receiver } = steered()
    attach()
    receiver.isPaused = true
    flow.steer()
    flow.steer()
    expect(calls).toEqual(["pause"])
    await turn()
    expect(calls).toEqual(["pause", "go on"])
    receiver.isPaused = false
    flow.steer()
    await turn()
    expect(calls).toEqual(["pause", "go on", "resume"])
  })

  it("while the application has enough the receiver does not go on either", async () => {
    const { attach, calls, flow, receiver } = steered()
    attach()
    receiver.isPaused = true
    flow.isPaused = true
    flow.steer()
    await turn()
    expect(calls).toEqual(["pause"])
    flow.resume()
    flow.isPaused = true
    await turn()
    expect(calls).toEqual(["pause"])
    flow.resume()
    await turn()
    expect(calls).toEqual(["pause", "go on"])
  })

  it("between two turns of the event loop 512 KiB are read: the transport pauses, and goes on after a turn", async () => {
    const { attach, calls, flow } = steered()
    attach()
    flow.spend(512 * 1024 - 1, 0)
    flow.steer()
    expect(calls).toEqual([])
    for (let round = 0; round < 3; round++) {
      flow.spend(1, 0)
      flow.steer()
      flow.steer()
      expect(calls.splice(0)).toEqual(["pause"])
      await turn()
      // The owner steers when it was told.
      expect(calls.splice(0)).toEqual(["go on"])
      flow.steer()
      expect(calls.splice(0)).toEqual(["resume"])
      flow.spend(512 * 1024 - 1, 0)
      flow.steer()
    }
  })

  it("a message counts 256 octets besides its own: 2048 empty ones take a turn", async () => {
    const { attach, calls, flow } = steered()
    attach()
    flow.spend(0, 2047)
    flow.steer()
    expect(calls).toEqual([])
    flow.spend(0, 1)
    flow.steer()
    expect(calls).toEqual(["pause"])
    await turn()
    expect(calls).toEqual(["pause", "go on"])
  })

  it("what was read counts also while the application has enough: it goes on after both", async () => {
    const { attach, calls, flow } = steered()
    attach()
    flow.spend(512 * 1024, 0)
    flow.isPaused = true
    flow.steer()
    await turn()
    flow.resume()
    expect(calls).toEqual(["pause"])
    await turn()
    flow.steer()
    expect(calls).toEqual(["pause", "go on", "resume"])
  })
})
