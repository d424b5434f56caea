import { describe, expect, it } from "vitest"
import { PingPong } from "../../src/control/PingPong.js"
import { utf8 } from "../support/frames.js"

const sent = (...payloads: ReadonlyArray<string>): PingPong<number> => {
  const pings = new PingPong<number>(4)
  for (const [token, payload] of payloads.entries()) pings.onPing(utf8(payload), token)
  return pings
}

describe("RFC 6455 §5.5.3 Pong", () => {
  it("answers the Ping that it echoes", () => {
    const pings = sent("a", "b")
    expect(pings.onPong(utf8("a"))).toEqual([0])
    expect(pings.size).toBe(1)
    expect(pings.onPong(utf8("b"))).toEqual([1])
  })

  it("MAY answer the newest Ping only, and so answers those before it", () => {
    expect(sent("a", "b", "c").onPong(utf8("b"))).toEqual([0, 1])
  })

  it("MAY come unsolicited, and answers nothing then", () => {
    const pings = sent("a", "ab")
    expect(pings.onPong(utf8("b"))).toEqual([])
    expect(pings.onPong(utf8("ac"))).toEqual([])
    expect(pings.size).toBe(2)
  })

  it("answers the oldest of several Pings with the same payload", () => {
    const pings = sent("a", "a")
    expect(pings.onPong(utf8("a"))).toEqual([0])
    expect(pings.onPong(utf8("a"))).toEqual([1])
  })
})

describe("RFC 6455 §5.5.2 Ping", () => {
  it("is refused when too many wait", () => {
    const pings = sent("a", "b", "c", "d")
    expect(pings.onPing(utf8("e"), 4)).toBe(false)
    pings.forget(1)
    expect(pings.onPing(utf8("e"), 4)).toBe(true)
    expect(pings.clear()).toEqual([0, 2, 3, 4])
    expect(pings.size).toBe(0)
  })

  it("copies the payload, which the caller may use again", () => {
    const pings = new PingPong<string>(1)
    const payload = utf8("a")
    pings.onPing(payload, "token")
    payload[0] = 0
    expect(pings.onPong(utf8("a"))).toEqual(["token"])
  })

  it("§5.5.3: of the peer's Pings the newest alone is answered", () => {
    const pings = sent()
    const payload = utf8("b")
    pings.owe(utf8("a"))
    pings.owe(payload)
    payload[0] = 0
    expect(pings.takePong()).toEqual(utf8("b"))
    expect(pings.takePong()).toBeUndefined()
  })
})
