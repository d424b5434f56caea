import type { Socket } from "node:net"
import * as stream from "node:stream"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { TransportError } from "effect-websocket/WebSocketError"
import { NodeArrivals } from "../src/NodeArrivals.js"
import * as NodeDuplex from "../src/NodeDuplex.js"

const failure = new TransportError({ reason: { _tag: "Read" } })

const arrival = () => {
  const native = new stream.PassThrough()
  return { native, duplex: NodeDuplex.unsafeMake(native) }
}

describe("arrivals of Node.js", () => {
  it("are full at the limit, handshakes counted", () => {
    const arrivals = new NodeArrivals(2)
    arrivals.add(arrival().duplex)
    expect(arrivals.full).toBe(false)
    arrivals.handshakes.add({ destroy: () => expect.unreachable() })
    expect(arrivals.full).toBe(true)
  })

  it("make room by ending the oldest handshake, and no other way", () => {
    const arrivals = new NodeArrivals(2)
    const ended: Array<number> = []
    const handshake = (number: number) => ({ destroy: () => ended.push(number) }) as unknown as Socket
    for (const number of [1, 2, 3, 4]) {
      expect(arrivals.makeRoom()).toBe(true)
      arrivals.handshakes.add(handshake(number))
    }
    expect([ended, arrivals.handshakes.size]).toEqual([[1, 2], 2])
    arrivals.handshakes.clear()
    for (let count = 0; count < 2; count++) arrivals.add(arrival().duplex)
    expect(arrivals.makeRoom()).toBe(false)
    Effect.runSync(arrivals.close(failure))
    arrivals.handshakes.add(handshake(5))
    expect([arrivals.makeRoom(), ended]).toEqual([false, [1, 2]])
  })

  it("are ended by their abort", () => {
    const arrivals = new NodeArrivals(9)
    const { duplex, native } = arrival()
    arrivals.add(duplex)
    Effect.runSync(arrivals.close(failure))
    expect(native.destroyed).toBe(true)
  })
})
