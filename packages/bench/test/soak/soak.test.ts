import { describe, expect, it } from "vitest"
import { frame } from "../../src/load/Ring.js"
import { boundsOf } from "../../src/soak/bounds.js"
import { Deflation } from "../../src/soak/Deflation.js"
import { FrameReader } from "../../src/soak/FrameReader.js"
import { encode, faultOf } from "../../src/soak/Numbered.js"
import { kindOf, parse } from "../../src/soak/Plan.js"
import { picture, table } from "../../src/soak/report.js"
import type { Result } from "../../src/soak/soak.js"
import { Tally } from "../../src/soak/Tally.js"

const mebi = 1024 * 1024

const memory = (rss: number, heap: number) => ({ rss: rss * mebi, heap: heap * mebi })

/** A run in which everything is as it should be. */
const good = (): Result => ({
  plan: parse(["--quick"])!,
  tally: Object.assign(new Tally(), { sent: 30_000, received: 30_000 }),
  before: memory(100, 20),
  early: memory(150, 50),
  late: memory(152, 51),
  after: memory(150, 21),
  points: [1, 2, 3].map((at) => ({ at, rss: 150 * mebi })),
  aliveBefore: { handlers: 0, sockets: 0, descriptors: 20 },
  aliveLoaded: { handlers: 1106, sockets: 1106, descriptors: 1126 },
  aliveAfter: { handlers: 0, sockets: 0, descriptors: 20 }
})

const broken = (change: Partial<Result>): ReadonlyArray<string> =>
  boundsOf({ ...good(), ...change })
    .filter(({ holds }) => !holds)
    .map(({ name }) => name)

describe("numbered messages", () => {
  it("are what they were, or a fault", () => {
    for (const size of [0, 1, 200_000]) expect(faultOf(encode(7, size), 7)).toBeUndefined()
    expect(faultOf(encode(8, 100), 7)).toBe("message 8 where 7 was due")
    expect(faultOf(encode(7, 100).subarray(0, -1), 7)).toBe("message 7 was changed")
    const changed = encode(7, 100)
    changed[50]! ^= 1
    expect(faultOf(changed, 7)).toBe("message 7 was changed")
    expect(faultOf(Buffer.alloc(3), 7)).toBe("a message of 3 octets")
  })
})

describe("the reader of frames (RFC 6455 §5.2)", () => {
  const payloads = [0, 125, 126, 70_000].map((size) => Buffer.alloc(size, size))

  it("finds frames of each length, however they are cut", () => {
    for (const [piece, count] of [
      [1, 3],
      [1000, 4],
      [100_000, 4]
    ] as const) {
      const some = payloads.slice(0, count)
      const octets = Buffer.concat(some.map((payload) => frame(0x82, payload, false)))
      const found: Array<Buffer> = []
      const reader = new FrameReader((_, payload) => found.push(payload))
      for (let at = 0; at < octets.length; at += piece) reader.take(octets.subarray(at, at + piece))
      expect(found.map(({ length }) => length)).toEqual(some.map(({ length }) => length))
      expect(Buffer.concat(found).equals(Buffer.concat(some))).toBe(true)
    }
  })

  it("refuses a mask (§5.1)", () => {
    expect(() => new FrameReader(() => {}).take(frame(0x82, Buffer.from("x"), true))).toThrow("masked")
  })
})

describe("the compression of the generator (RFC 7692 §7.2)", () => {
  const messages = [100, 5000, 0, 300_000].map((size, number) => encode(number, size))

  it("inflates what was deflated, with the context of what came before", () => {
    const [here, there] = [new Deflation(12), new Deflation(12)]
    for (const message of messages) expect(there.inflate(here.deflate(message)).equals(message)).toBe(true)
    const [first, again] = [here.deflate(messages[0]!), here.deflate(messages[0]!)]
    expect(again.length).toBeLessThan(first.length)
  })

  it("does not inflate what refers to another context", () => {
    const here = new Deflation(12)
    here.deflate(messages[0]!)
    expect(() => new Deflation(12).inflate(here.deflate(messages[0]!))).toThrow()
  })
})

describe("the bounds of a run", () => {
  it("hold when memory is flat and nothing is left", () => expect(broken({})).toEqual([]))

  it("are broken by a message that is lost, and by messages that did not come", () => {
    const tally = new Tally()
    tally.fail("message 3 where 2 was due")
    expect(broken({ tally })).toEqual([
      "messages lost, changed or out of order, connections lost",
      "messages that came back"
    ])
    expect(table({ ...good(), tally })).toContain("- message 3 where 2 was due")
  })

  it("are broken by memory that grows", () => {
    expect(broken({ late: memory(152, 70) })).toEqual(["heap under load, from a quarter of the time to its end"])
    expect(broken({ late: memory(200, 51) })).toEqual(["RSS under load, likewise"])
    expect(broken({ after: memory(170, 40) })).toEqual([
      "heap before, and when all have left",
      "RSS at the end of the load, and when all have left"
    ])
  })

  it("are broken by what is left", () => {
    expect(broken({ aliveAfter: { handlers: 1, sockets: 2, descriptors: 22 } })).toEqual([
      "handlers left",
      "sockets left",
      "descriptors left"
    ])
    expect(broken({ aliveLoaded: { handlers: 500, sockets: 0, descriptors: 0 } })).toEqual(["connections under load"])
  })

  it("are a picture as well", () => expect(picture(good())).toMatch(/^<svg .*<polyline .*<\/svg>\n$/))
})

describe("the command line", () => {
  it("changes the defaults, and refuses what is no count", () => {
    expect(parse(["--seconds", "5", "--idle", "10"])).toMatchObject({ seconds: 5, idle: 10, busy: 1000 })
    expect(() => parse(["--busy", "0"])).toThrow("--busy takes an integer of at least 1")
    expect(() => parse(["--bussy", "1"])).toThrow()
    expect(parse(["--help"])).toBeUndefined()
    const kinds = [[], ["--tls"], ["--deflate"], ["--tls", "--deflate"]].map((args) => kindOf(parse(args)!))
    expect(kinds).toEqual(["plain", "tls", "deflate", "tls-deflate"])
  })
})
