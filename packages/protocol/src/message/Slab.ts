/**
 * Copies of payloads, for messages that were in one piece of one chunk.
 *
 * Up to 64 octets lie in V8's own heap (20 ns); a longer one needs memory from outside, which costs 500 ns with its garbage
 * collection. So neighbours of 65 to 1024 octets share a slab (85 ns): those of one chunk of one connection only, and of at
 * most 4 KiB, which is what a message that is kept can hold on to. A message alone in its chunk has a buffer of its own.
 *
 * @example
 * ```ts
 * import { copyOf } from "@effect-websocket/protocol/message/Slab"
 *
 * const connection = {}
 * const copy = copyOf(connection, Uint8Array.of(1, 2, 3), 1, 3) // 2, 3
 * ```
 */
import { isKeepable } from "../bytes/Octets.js"

const fewOctets = 64

const maxShared = 1024

const slabSize = 4096

const none: Uint8Array = new Uint8Array(0)

let owner: object | undefined
let source = none
let slab = new ArrayBuffer(0)
let used = 0

const copyFew = (octets: Uint8Array, start: number, end: number): Uint8Array => {
  const copy = new Uint8Array(end - start)
  for (let at = start; at < end; at++) copy[at - start] = octets[at]
  return copy
}

const refill = (connection: object, octets: Uint8Array, start: number): void => {
  slab = new ArrayBuffer(Math.min(slabSize, octets.length - start))
  used = 0
  owner = connection
  source = octets
}

const copyShared = (octets: Uint8Array, start: number, end: number): Uint8Array => {
  const copy = new Uint8Array(slab, used, end - start)
  copy.set(octets.subarray(start, end))
  // On multiples of 8, so that an application can lay a view of numbers on it.
  used = (used + end - start + 7) & ~7
  return copy
}

/** A copy of octets[start, end), which are not of a subclass of Uint8Array; `connection` is any object that stands for it. */
export const copyOf = (connection: object, octets: Uint8Array, start: number, end: number): Uint8Array => {
  const size = end - start
  if (size <= fewOctets) return copyFew(octets, start, end)
  if (size > maxShared) return octets.slice(start, end)
  if (octets !== source || connection !== owner || used + size > slab.byteLength) {
    // Nothing that could share it follows in this chunk.
    const isAlone = octets.length - end <= fewOctets
    if (isAlone || !isKeepable(octets)) return octets.slice(start, end)
    refill(connection, octets, start)
  }
  return copyShared(octets, start, end)
}
