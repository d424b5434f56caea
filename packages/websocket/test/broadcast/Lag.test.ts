import { describe, expect, it } from "vitest"
import { Lag } from "../../src/broadcast/Lag.js"
import { PreparedMessage } from "../../src/connection/PreparedMessage.js"

const message = (length: number) => new PreparedMessage("x".repeat(length))

describe("messages that wait for a slow receiver", () => {
  it("are bounded in octets, 32 for each message, and in number", () => {
    const lag = new Lag(100, 3)
    for (const length of [10, 0]) {
      expect(lag.hasRoom(message(length))).toBe(true)
      lag.push(message(length))
    }
    expect([lag.size, lag.length]).toEqual([74, 2])
    expect([lag.hasRoom(message(0)), lag.hasRoom(message(1))]).toEqual([false, false])
    const small = new Lag(Infinity, 1)
    small.push(message(1))
    expect(small.hasRoom(message(0))).toBe(false)
  })

  it("leave in their order, and take their size with them", () => {
    const lag = new Lag(1000, 10)
    const all = [message(1), message(2), message(3)]
    for (const each of all) lag.push(each)
    expect([lag.shift(), lag.shift()]).toEqual([all[0], all[1]])
    expect([lag.size, lag.length]).toEqual([35, 1])
    lag.clear()
    expect([lag.size, lag.length, lag.shift()]).toEqual([0, 0, undefined])
  })

  it("a single one may wait however long it is", () => {
    const lag = new Lag(10, 1)
    expect(lag.hasRoom(message(1000))).toBe(true)
  })
})
