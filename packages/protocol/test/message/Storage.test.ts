import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { isScratch } from "../../src/message/Scratch.js"
import { Storage } from "../../src/message/Storage.js"
import { concat, utf8 } from "../support/frames.js"

/** How many octets of memory are its own. */
const held = (storage: Storage): number => {
  const { memory } = storage as unknown as { memory: Uint8Array }
  return isScratch(memory) ? 0 : memory.length
}

const append = (storage: Storage, octets: Uint8Array, total: number, isKnown = false): void =>
  storage.append(octets, 0, octets.length, total, isKnown)

describe("RFC 6455 §5.4 Storage", () => {
  it("law: gives back what was appended, in a buffer of that size", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 })), (parts) => {
        const storage = new Storage()
        for (const part of parts) append(storage, part, Number.POSITIVE_INFINITY)
        const taken = storage.take()
        expect(taken).toEqual(concat(...parts))
        expect(taken.buffer.byteLength).toBe(taken.length)
        expect(storage.size).toBe(0)
        expect(held(storage)).toBe(0)
      })
    )
  })

  it("law: gives every message back, however those of several connections come in turn", () => {
    const append3 = fc.tuple(fc.nat(2), fc.uint8Array({ maxLength: 200 }), fc.nat(20), fc.boolean())
    fc.assert(
      fc.property(fc.array(append3, { maxLength: 60 }), (appends) => {
        const storages = [new Storage(), new Storage(), new Storage()]
        const expected: Array<Array<Uint8Array>> = [[], [], []]
        for (const [n, part, start, isTaken] of appends) {
          const rest = part.subarray(Math.min(start, part.length))
          storages[n].append(part, part.length - rest.length, part.length, 1 << 20, false)
          expected[n].push(rest)
          if (!isTaken) continue
          expect(storages[n].take()).toEqual(concat(...expected[n]))
          expected[n] = []
        }
        expect(storages.map((storage) => storage.take())).toEqual(expected.map((parts) => concat(...parts)))
      })
    )
  })

  it("what is in memory that is used again is never seen: neither by who gets the message, nor behind it", () => {
    const [first, second, other] = [new Storage(), new Storage(), new Storage()]
    // Leaves memory of 128 KiB for larger memory.
    append(first, new Uint8Array(100_000).fill(1), 16_000_000)
    append(first, new Uint8Array(200_000).fill(1), 16_000_000)
    append(second, new Uint8Array(60_000).fill(2), 16_000_000)
    append(other, Uint8Array.of(3), 16_000_000)
    append(second, new Uint8Array(10_000).fill(2), 16_000_000)
    const taken = second.take()
    expect(taken).toEqual(new Uint8Array(70_000).fill(2))
    expect(taken.buffer.byteLength).toBe(70_000)
    expect(other.take()).toEqual(Uint8Array.of(3))
    expect(first.take()).toEqual(new Uint8Array(300_000).fill(1))
  })

  it("has no memory of its own for up to 64 KiB, until another message is begun", () => {
    const [first, second] = [new Storage(), new Storage()]
    append(first, new Uint8Array(1000).fill(1), 16_000_000)
    append(first, new Uint8Array(64 * 1024 - 1000).fill(1), 16_000_000)
    expect([held(first), held(second)]).toEqual([0, 0])
    append(second, Uint8Array.of(2), 16_000_000)
    expect([held(first), held(second)]).toEqual([128 * 1024, 0])
    append(first, Uint8Array.of(3), 16_000_000)
    expect([held(first), held(second)]).toEqual([128 * 1024, 0])
    expect(second.take()).toEqual(Uint8Array.of(2))
    expect(first.take()).toEqual(concat(new Uint8Array(64 * 1024).fill(1), Uint8Array.of(3)))
  })

  it("holds at most twice what has come, and at least 64 octets", () => {
    const storage = new Storage()
    for (let size = 1; size <= 1000; size++) {
      append(storage, Uint8Array.of(1), 16_000_000)
      append(new Storage(), Uint8Array.of(1), 16_000_000)
      expect(held(storage)).toBeGreaterThan(0)
      expect(held(storage)).toBeLessThanOrEqual(Math.max(64, 2 * size))
    }
    append(storage, new Uint8Array(100_000), 16_000_000)
    expect(held(storage)).toBe(101_000)
    append(storage, Uint8Array.of(1), 16_000_000)
    expect(held(storage)).toBe(202_000)
  })

  it("holds at most four times what has come, where the size of the message is known", () => {
    const storage = new Storage()
    append(storage, new Uint8Array(65_536), 2_000_000, true)
    expect(held(storage)).toBe(0)
    append(storage, Uint8Array.of(1), 2_000_000, true)
    expect(held(storage)).toBe(262_144)
    append(storage, new Uint8Array(200_000), 2_000_000, true)
    expect(held(storage)).toBe(1_048_576)
    append(storage, new Uint8Array(800_000), 2_000_000, true)
    expect(held(storage)).toBe(2_000_000)
  })

  it("does not grow past the whole message, and then gives its memory away", () => {
    const storage = new Storage()
    append(storage, new Uint8Array(70_000), 80_000)
    append(storage, new Uint8Array(5_000), 80_000)
    expect(held(storage)).toBe(80_000)
    append(storage, new Uint8Array(5_000), 80_000)
    expect(storage.take().buffer.byteLength).toBe(80_000)
  })

  it("takes ranges only", () => {
    const storage = new Storage()
    storage.append(utf8("abcde"), 1, 4, 100, false)
    expect(storage.size).toBe(3)
    expect(storage.takeText()).toBe("bcd")
    expect(storage.takeText()).toBe("")
  })

  const MiB = 1024 * 1024
  const part = Uint8Array.from({ length: MiB }, (_, index) => index * 7 + (index >> 8))

  /** How many octets the largest copy within the storage had. */
  const largestCopy = (step: () => void): number => {
    const { set } = Uint8Array.prototype
    let largest = 0
    Uint8Array.prototype.set = function (source: ArrayLike<number>, at?: number) {
      largest = Math.max(largest, source.length)
      set.call(this, source, at)
    }
    try {
      step()
    } finally {
      Uint8Array.prototype.set = set
    }
    return largest
  }

  it.each([true, false])("40 MiB are never copied in one step, and come out as they went in (known: %s)", (isKnown) => {
    const storage = new Storage()
    for (let count = 0; count < 640; count++) {
      const octets = part.subarray((count % 16) * 65_536, (count % 16) * 65_536 + 65_536)
      expect(largestCopy(() => append(storage, octets, isKnown ? 40 * MiB : 100 * MiB, isKnown))).toBeLessThan(
        2 * MiB + 1
      )
      if (!isKnown) expect(held(storage)).toBeLessThanOrEqual(4 * Math.max(65_536, storage.size))
    }
    const taken = storage.take()
    expect(taken.length).toBe(40 * MiB)
    for (let at = 0; at < 40; at++) {
      expect(Buffer.compare(taken.subarray(at * MiB, (at + 1) * MiB), part)).toBe(0)
    }
    if (isKnown) expect(taken.buffer.byteLength).toBe(40 * MiB)
  })

  it("grows by more than its double at once", () => {
    const storage = new Storage()
    append(storage, part, 64 * MiB)
    append(storage, new Uint8Array(30 * MiB), 64 * MiB)
    expect(Buffer.compare(storage.take().subarray(0, MiB), part)).toBe(0)
  })

  it("RFC 3629: takes whole characters, and keeps what is left of one, wherever it is cut", () => {
    const text = "aé€😀z"
    const octets = utf8(text)
    for (let cut = 0; cut <= octets.length; cut++) {
      const storage = new Storage()
      append(storage, octets.subarray(0, cut), 100)
      const first = storage.takeCharacters()
      expect(storage.size).toBeLessThan(4)
      append(storage, octets.subarray(cut), 100)
      expect(`${first}${storage.takeText()}`).toBe(text)
    }
  })
})
