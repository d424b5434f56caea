import { describe, expect, it } from "vitest"
import { type IdleMemory, NodeDeflatePool } from "../src/NodeDeflatePool.js"
import type { NodeDeflateStream } from "../src/NodeDeflateStream.js"

class Fake implements NodeDeflateStream {
  readonly availIn = 0
  readonly availOut = 0
  resets = 0
  closes = 0
  readonly write = () => true
  readonly reset = () => void this.resets++
  readonly close = () => void this.closes++
}

const makePool = (limit: number, memory: IdleMemory = { limit, used: 0 }) => {
  const made: Array<Fake> = []
  const make = () => {
    const stream = new Fake()
    made.push(stream)
    return stream
  }
  return { pool: new NodeDeflatePool(make, 10, memory), made, memory }
}

describe("the pool of streams", () => {
  it("an owner finds its stream as it was", () => {
    const { memory, pool } = makePool(100)
    const [owner, stream] = [{}, pool.takeFresh() as Fake]
    pool.giveKept(owner, stream)
    expect(memory.used).toBe(10)
    expect(pool.takeKept(owner)).toBe(stream)
    expect(stream.resets).toBe(0)
    expect(memory.used).toBe(0)
    expect(pool.takeKept(owner)).toBeUndefined()
  })

  it("others get a stream that was reset, and first of all one that nobody needs", () => {
    const { made, pool } = makePool(20)
    const [kept, free] = [pool.takeFresh(), pool.takeFresh() as Fake]
    pool.giveKept({}, kept)
    pool.giveFree(free)
    expect(pool.takeFresh()).toBe(free)
    expect(free.resets).toBe(1)
    expect(made.length).toBe(2)
  })

  it("as long as there is memory contexts are kept; then the oldest is given up", () => {
    const { made, pool } = makePool(20)
    const owners = [{}, {}, {}]
    for (const owner of owners.slice(0, 2)) pool.giveKept(owner, pool.takeFresh())
    pool.giveKept(owners[0], pool.takeKept(owners[0])!)
    pool.giveKept(owners[2], pool.takeFresh())
    expect(made.length).toBe(2)
    expect(owners.map((owner) => pool.takeKept(owner))).toEqual([made[0], undefined, made[1]])
  })

  it("streams beyond the memory are closed when they are given back, but one", () => {
    const { made, memory, pool } = makePool(0)
    const taken = [pool.takeFresh(), pool.takeFresh(), pool.takeFresh()]
    for (const stream of taken) pool.giveFree(stream)
    expect(pool.idle).toBe(1)
    expect(memory.used).toBe(10)
    expect(made.map((stream) => stream.closes).sort()).toEqual([0, 1, 1])
  })

  it("memory is shared between pools", () => {
    const { memory, pool } = makePool(20)
    const other = makePool(20, memory)
    const streams = [pool.takeFresh(), pool.takeFresh()]
    for (const stream of streams) pool.giveKept(stream, stream)
    other.pool.giveKept({}, other.pool.takeFresh())
    other.pool.giveKept({}, other.pool.takeFresh())
    expect(other.pool.idle).toBe(1)
  })

  it("the stream of an owner that is gone is for others", () => {
    const { made, pool } = makePool(100)
    const owner = {}
    pool.giveKept(owner, pool.takeFresh())
    pool.forget(owner)
    pool.forget(owner)
    expect(pool.takeFresh()).toBe(made[0])
  })

  it("closing closes what is idle, and what is given back later", () => {
    const { made, memory, pool } = makePool(100)
    const taken = [1, 2, 3, 4].map(() => pool.takeFresh())
    pool.giveKept({}, taken[0])
    pool.giveFree(taken[1])
    pool.close()
    pool.giveKept({}, taken[2])
    pool.giveFree(taken[3])
    expect(made.map((stream) => stream.closes)).toEqual([1, 1, 1, 1])
    expect([memory.used, pool.idle]).toEqual([0, 0])
  })
})
