/**
 * The memory in which frames wait for one write: a slab for all connections, since only one of them fills it at a time.
 *
 * It lies where masking is quick, which a client does with all that it sends. A transport that can not pass on at once what it is
 * given keeps it for a while; then another slab of plain memory takes its place.
 */
import { allocate } from "@effect-websocket/protocol/frame/SimdMemory"

/** Room for what a read of 64 KiB is answered with, and for the longest fragment and its header. */
export const slabSize = 128 * 1024

/** Who was given the slab; it is used again when nothing of it is left. */
interface Holder {
  readonly unsafeBuffered: () => number
}

const nobody: Holder = { unsafeBuffered: () => 0 }

/** The one in which masking is quick. */
let quick: Uint8Array | undefined
/** Who has it; `undefined` while it is written from, or is the one that is filled. */
let holder: Holder | undefined
/** The one that is filled; `undefined` while it is written from, or kept. */
let current: Uint8Array | undefined

const reclaim = (): Uint8Array | undefined => {
  if (quick === undefined) {
    quick = allocate(slabSize)
    return quick
  }
  if (holder === undefined || holder.unsafeBuffered() > 0) return undefined
  holder = undefined
  return quick
}

/** The slab to be filled. */
export const takeSlab = (): Uint8Array => {
  current ??= reclaim() ?? new Uint8Array(slabSize)
  return current
}

/** It is written from now: who sends meanwhile gets another one. */
export const lendSlab = (): void => {
  current = undefined
}

/** It has left, or was copied. */
export const giveBackSlab = (slab: Uint8Array): void => {
  if (current === undefined) current = slab === quick ? quick : (reclaim() ?? slab)
  else if (slab === quick) holder = nobody
}

/** The transport keeps it. */
export const leaveSlabTo = (slab: Uint8Array, duplex: Holder): void => {
  if (slab === quick) holder = duplex
}
