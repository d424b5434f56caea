import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Inbox, InboxControl } from "../../src/connection/Inbox.js"

describe("messages that wait to be taken", () => {
  it("come out in order, however they are taken, and the size follows", () => {
    const step = fc.oneof(
      fc.string(),
      fc.constantFrom("take" as const, "all" as const).map((take) => ({ take }))
    )
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const inbox = new Inbox()
        const model: Array<string> = []
        for (const each of steps) {
          if (typeof each === "string") {
            inbox.push(each)
            model.push(each)
          } else if (each.take === "take") expect(inbox.take()).toBe(model.shift())
          else expect(inbox.takeAll()).toEqual(model.length === 0 ? undefined : model.splice(0))
          expect(inbox.isEmpty).toBe(model.length === 0)
          expect(inbox.size).toBe(model.reduce((size, text) => size + text.length + 32, 0))
        }
      })
    )
  })

  it("a batch that was taken is not changed by what comes later", () => {
    const inbox = new Inbox()
    inbox.push("a")
    const batch = inbox.takeAll()
    inbox.push("b")
    expect(batch).toEqual(["a"])
  })
})

describe("PARITY C-04: control frames in their place", () => {
  const ping = { _tag: "Ping", payload: Uint8Array.of(1, 2) } as const
  const close = { _tag: "Close", code: 1000, reason: "bye" } as const

  it("are taken in order, and count what they have", () => {
    const inbox = new Inbox()
    inbox.push("a")
    inbox.pushControl(ping)
    inbox.pushControl(close)
    expect(inbox.size).toBe(1 + 2 + 3 + 3 * 32)
    const taken = [inbox.takeEntry(), inbox.takeEntry(), inbox.takeEntry()]
    expect(taken.map((entry) => (entry instanceof InboxControl ? entry.frame : entry))).toEqual(["a", ping, close])
    expect([inbox.size, inbox.isEmpty]).toEqual([0, true])
  })

  it("are never taken for messages", () => {
    const inbox = new Inbox()
    inbox.pushControl(ping)
    inbox.push("a")
    inbox.pushControl(ping)
    inbox.push("b")
    expect(inbox.take()).toBe("a")
    expect(inbox.takeAll()).toEqual(["b"])
    inbox.pushControl(ping)
    expect([inbox.takeAll(), inbox.size]).toEqual([undefined, 0])
  })
})

describe("who waits", () => {
  it("is woken once, all of them; a waiter beside the first can give up", () => {
    const inbox = new Inbox()
    const woken: Array<string> = []
    expect(inbox.wait(() => woken.push("first"))).toBeUndefined()
    const cancel = inbox.wait(() => woken.push("second"))
    inbox.wait(() => woken.push("third"))
    cancel?.()
    inbox.wake()
    inbox.wake()
    expect(woken).toEqual(["first", "third"])
  })

  it("may wait again while it is woken", () => {
    const inbox = new Inbox()
    let count = 0
    const again = (): void => {
      count++
      inbox.wait(again)
    }
    inbox.wait(again)
    inbox.wake()
    expect(count).toBe(1)
    inbox.wake()
    expect(count).toBe(2)
  })
})
