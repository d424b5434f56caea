import { encode } from "@effect-websocket/protocol/frame/FrameEncoder"
import type { Opcode } from "@effect-websocket/protocol/frame/Opcode"
import { describe, expect, it } from "vitest"
import { type Direction, DirectionTrace } from "../src/DirectionTrace.js"

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

const frame = (opcode: Opcode, payload: string, fin = true, rsv = 0) => ({ fin, rsv, opcode, payload: utf8(payload) })

const join = (...parts: ReadonlyArray<Uint8Array>): Uint8Array => new Uint8Array(Buffer.concat(parts))

const upgrade = utf8("GET /chat?secret HTTP/1.1\r\nHost: a\r\nCookie: b\r\n\r\n")
const switching = utf8("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n")

/** The lines of octets that come whole, or one by one, which must be the same. */
const traced = (direction: Direction, octets: Uint8Array): ReadonlyArray<string> => {
  const whole: Array<string> = []
  const single: Array<string> = []
  const before = octets.slice()
  new DirectionTrace(direction, (line) => whole.push(line)).push(octets)
  const trace = new DirectionTrace(direction, (line) => single.push(line))
  for (const octet of octets) trace.push(Uint8Array.of(octet))
  expect(single).toEqual(whole)
  expect(octets).toEqual(before)
  return whole
}

describe("DirectionTrace", () => {
  it("shows a request, then masked frames (RFC 6455 §5.3), however the octets are cut, and alters none", () => {
    const octets = join(upgrade, encode(frame(1, "hello"), 0x01020304), encode(frame(9, ""), 7))
    expect(traced(">", octets)).toEqual([
      "> GET /chat?*** HTTP/1.1",
      "> Host: a",
      "> Cookie: ***",
      '> Text fin 5 octets "hello"',
      "> Ping 0 octets"
    ])
  })

  it("shows interim responses (RFC 9110 §15.2), the 101, and frames", () => {
    const octets = join(utf8("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"), switching, encode(frame(2, "\u0001")))
    expect(traced("<", octets)).toEqual([
      "< HTTP/1.1 103 Early Hints",
      "< Link: x",
      "< HTTP/1.1 101 Switching Protocols",
      "< Upgrade: websocket",
      "< Binary fin 1 octets 01"
    ])
  })

  it("behind a refusal there is a body, and no frame", () => {
    const octets = utf8("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone")
    expect(traced("<", octets)).toEqual(["< HTTP/1.1 404 Not Found", "< Content-Length: 4"])
  })

  it("of a long payload the beginning is shown; a compressed one (RFC 7692 §6) as it is on the wire", () => {
    const octets = join(switching, encode(frame(1, "a".repeat(70_000))), encode(frame(1, "zz", true, 4)))
    expect(traced("<", octets).slice(2)).toEqual([
      `< Text fin 70000 octets "${"a".repeat(48)}"…`,
      "< Text fin rsv1 2 octets 7a 7a"
    ])
  })

  it("what breaks a rule is told with its section, and then no more is read", () => {
    const unmasked = encode(frame(1, "hello"))
    expect(traced(">", join(upgrade, unmasked, unmasked)).slice(3)).toEqual([
      expect.stringMatching(/^> broken: RFC 6455 §5\.1: /)
    ])
    expect(traced("<", utf8("HTTP/9 nonsense\r\n\r\n"))).toEqual([expect.stringMatching(/^< broken: RFC 9112 §/)])
  })
})
