/**
 * Memory in which one message at a time is put together, whichever connection it belongs to.
 *
 * Most messages that come in pieces are short, and whole before another connection has its turn: they take no memory of their own
 * until they are, and none at all as text. Whose message is not whole when another one begins moves it out.
 *
 * @example
 * ```ts
 * import * as Scratch from "@effect-websocket/protocol/message/Scratch"
 *
 * const user = { leaveScratch: () => {} } // moves what it has there
 * const memory = Scratch.enter(user)
 * Scratch.copy(0, Uint8Array.of(1, 2, 3), 1, 3)
 * const octets = Scratch.isScratch(memory) ? memory.slice(0, 2) : memory
 * ```
 */
import { allocate, copyMemory, placeOf } from "../frame/SimdMemory.js"

/** Who has a message in it. */
export interface ScratchUser {
  /** Somebody else comes: what is needed of it is copied now. */
  readonly leaveScratch: () => void
}

/** Its octets. */
export const scratchSize = 64 * 1024

let memory: Uint8Array = new Uint8Array(0)
let place = -1
let user: ScratchUser | undefined

/** The memory, from now on that of `next`, until somebody else enters. */
export const enter = (next: ScratchUser): Uint8Array => {
  if (user !== next) user?.leaveScratch()
  user = next
  if (memory.length === 0) {
    memory = allocate(scratchSize)
    place = placeOf(memory)
  }
  return memory
}

/** Whether that is the memory. */
export const isScratch = (octets: Uint8Array): boolean => octets === memory

/** Copies octets[start, end) into it, to index `at`. */
export const copy = (at: number, octets: Uint8Array, start: number, end: number): void => {
  const from = place < 0 ? -1 : placeOf(octets)
  if (from >= 0) copyMemory(place + at, from + start, end - start)
  else memory.set(octets.subarray(start, end), at)
}
