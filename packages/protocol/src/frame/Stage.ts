/**
 * Memory to which payload is brought from elsewhere, to be unmasked there: both together take less time than to unmask much of it
 * where it is.
 *
 * @example
 * ```ts
 * import { bring, stage } from "@effect-websocket/protocol/frame/Stage"
 *
 * const octets = new Uint8Array(100_000)
 * const brought = bring(octets, 0, octets.length) // 0: that does not pay, or is not possible
 * const there = stage().subarray(0, brought)
 * ```
 */
import { allocate, placeOf } from "./SimdMemory.js"

/** Up to here it does not pay. */
const fewOctets = 2048

const stageSize = 64 * 1024

let memory: Uint8Array | undefined
let isQuick = false

/** The memory, whose octets are those that were brought last. */
export const stage = (): Uint8Array => {
  if (memory === undefined) {
    memory = allocate(stageSize)
    isQuick = placeOf(memory) >= 0
  }
  return memory
}

/** How many of octets[start, end) are in the stage now, at its beginning; 0: none, they are to be unmasked where they are. */
export const bring = (octets: Uint8Array, start: number, end: number): number => {
  if (end - start <= fewOctets || placeOf(octets) >= 0) return 0
  const target = stage()
  if (!isQuick) return 0
  const size = Math.min(end - start, stageSize)
  target.set(octets.subarray(start, start + size))
  return size
}
