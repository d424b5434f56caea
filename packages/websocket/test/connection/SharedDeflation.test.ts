import { describe, expect, it } from "vitest"
import type { CompressionService } from "../../src/Compression.js"
import { sharedDeflation } from "../../src/connection/SharedDeflation.js"
import { utf8 } from "../support/peer.js"

type Opened = Parameters<CompressionService["open"]>

/** A service that writes down with what it was opened, and gives back what it is given. */
const service = () => {
  const opened: Array<Opened> = []
  const open: CompressionService["open"] = (...args) => {
    opened.push(args)
    const inflater = { isPaused: false, push: () => undefined, resume: () => undefined, end: () => undefined }
    return { deflater: { deflate: (octets) => octets, reset: () => {} }, inflater, close: () => {} }
  }
  return { open, opened }
}

const settings = { level: 6, memLevel: 5 }

describe("RFC 7692 §7.1: compression for many connections", () => {
  it("is one for each service and set of parameters", () => {
    const [one, two] = [service(), service()]
    const shared = sharedDeflation(one.open, 12, settings)
    expect(sharedDeflation(one.open, 12, { ...settings })).toBe(shared)
    const others = [
      sharedDeflation(two.open, 12, settings),
      sharedDeflation(one.open, 15, settings),
      sharedDeflation(one.open, 12, { ...settings, level: 1 }),
      sharedDeflation(one.open, 12, { ...settings, memLevel: 1 })
    ]
    expect(new Set([shared, ...others]).size).toBe(5)
  })

  it("§7.1.1: takes no context over, and opens nothing before it is used", () => {
    const { open, opened } = service()
    const shared = sharedDeflation(open, 11, settings)
    expect(opened).toEqual([])
    for (const text of ["a", "b"]) expect(shared.whole(utf8(text))).toEqual(utf8(text))
    expect(opened.length).toBe(1)
    const [agreed, role, used, sink] = opened[0]!
    expect([agreed.serverNoContextTakeover, agreed.serverMaxWindowBits, role, used]).toEqual([
      true,
      11,
      "server",
      settings
    ])
    expect([sink.room(), sink.onOctets(new Uint8Array(1), 0, 1)]).toEqual([0, undefined])
  })
})
