import { describe, expect, it } from "vitest"
import { afterHostTurn } from "../../src/host/HostTurn.js"
import { unsafeSoon } from "../../src/host/Soon.js"

describe("unsafeSoon", () => {
  it("runs tasks after the call, in order, over more than one budget", async () => {
    const order: Array<number> = []
    await new Promise<void>((resolve) => {
      for (let task = 0; task < 1000; task++) unsafeSoon(() => order.push(task))
      expect(order).toEqual([])
      unsafeSoon(resolve)
    })
    expect(order).toEqual(Array.from({ length: 1000 }, (_, task) => task))
  })

  it("lets the event loop run while tasks beget tasks for ever", async () => {
    let running = true
    const beget = () => {
      if (running) unsafeSoon(beget)
    }
    beget()
    for (let turn = 0; turn < 5; turn++) await new Promise<void>((resolve) => afterHostTurn(resolve))
    running = false
  })
})
