import { describe, expect, it } from "@effect/vitest"
import * as fc from "fast-check"
import { Pending, type PendingMessage } from "../../src/reconnect/Pending.js"

const text = (message: string): PendingMessage => ({ message, kind: undefined })

const drain = (pending: Pending): ReadonlyArray<PendingMessage["message"]> => {
  const messages: Array<PendingMessage["message"]> = []
  for (let { first } = pending; first !== undefined; first = pending.first) {
    messages.push(first.message)
    pending.remove(first)
  }
  return messages
}

describe("Pending", () => {
  it("first in, first out", () => {
    const pending = new Pending(1000, false)
    expect(pending.isEmpty).toBe(true)
    for (const message of ["a", "b", "c"]) expect(pending.offer(text(message))).toBe(true)
    expect(drain(pending)).toEqual(["a", "b", "c"])
    expect(pending.isEmpty).toBe(true)
  })

  it("an empty message counts too", () => {
    const pending = new Pending(64, false)
    expect([pending.offer(text("")), pending.offer(text("")), pending.offer(text(""))]).toEqual([true, true, false])
  })

  it("octets are copied", () => {
    const pending = new Pending(100, false)
    const message = Uint8Array.of(1)
    pending.offer({ message, kind: "binary" })
    message.fill(0)
    expect(pending.first).toEqual({ message: Uint8Array.of(1), kind: "binary" })
  })

  it("what is on its way has its place until it is removed, and may be dropped", () => {
    const pending = new Pending(33, true)
    pending.offer(text("a"))
    const first = pending.first as PendingMessage
    pending.offer(text("b"))
    pending.remove(first)
    expect(drain(pending)).toEqual(["b"])
  })

  it("cleared, it has all of its room", () => {
    const pending = new Pending(33, false)
    pending.offer(text("a"))
    pending.clear()
    expect([pending.isEmpty, pending.offer(text("b"))]).toEqual([true, true])
  })

  it("never holds more than its capacity, and keeps the newest in their order when it drops the oldest", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ maxLength: 40 })),
        fc.integer({ min: 1, max: 300 }),
        fc.boolean(),
        (messages, capacity, dropsOldest) => {
          const pending = new Pending(capacity, dropsOldest)
          const taken = messages.filter((message) => pending.offer(text(message)))
          const held = drain(pending) as ReadonlyArray<string>
          expect(held.reduce((sum, { length }) => sum + length + 32, 0)).toBeLessThanOrEqual(capacity)
          expect(held).toEqual(dropsOldest ? taken.slice(taken.length - held.length) : taken)
        }
      )
    )
  })
})
