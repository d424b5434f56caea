/**
 * The memory in which frames wait for one write: a slab for all connections, since only one of them fills it at a time.
 *
 * It lies where masking is quick, which a client does with all that it sends. A transport that can not pass on at once what it is
 * given keeps it for a while: then another slab takes its place, until nothing of it is left. Of a few octets it gets a copy instead.
 */
import { allocate } from "@effect-websocket/protocol/frame/SimdMemory"

/** Room for what a read of 64 KiB is answered with, and for the longest fragment and its header. */
export const slabSize = 128 * 1024

/** What is shorter is copied for a transport that keeps it. */
const manyOctets = 8 * 1024

/** Slabs which transports may have at a time, together 1 MiB, besides those which they kept unexpectedly. */
const maxLent = 8

/** Who was given a slab; it is used again when nothing of it is left. */
interface Holder {
  readonly unsafeBuffered: () => number
}

/** The one in which masking is quick. */
let quick: Uint8Array | undefined
/** The one that is filled; `undefined` while it is written from. */
let current: Uint8Array | undefined
/** Those that nobody has; the quick one is the last. */
const free: Array<Uint8Array> = []
/** Those which transports keep; the quick one is the first. */
let lent: Array<readonly [slab: Uint8Array, holder: Holder]> = []

/** Nobody needs it any more. */
export const giveBackSlab = (slab: Uint8Array): void => {
  if (slab === quick) free.push(slab)
  else if (slab.length === slabSize && free.length < maxLent) free.unshift(slab)
}

const reclaim = (): void => {
  const kept = lent.filter(([, holder]) => holder.unsafeBuffered() > 0)
  if (kept.length === lent.length) return
  for (const one of lent) if (!kept.includes(one)) giveBackSlab(one[0])
  lent = kept
}

const first = (): Uint8Array => {
  if (quick === undefined) {
    quick = allocate(slabSize)
    return quick
  }
  // Not all at each write: a peer that is slow keeps its slabs for long.
  if (free.length === 0 || lent[0]?.[1].unsafeBuffered() === 0) reclaim()
  return free.pop() ?? new Uint8Array(slabSize)
}

/** The slab to be filled. */
export const takeSlab = (): Uint8Array => {
  current ??= first()
  return current
}

const canLend = (): boolean => {
  if (lent.length >= maxLent) reclaim()
  return lent.length < maxLent
}

/** The slab that was filled with so many octets, to be written from: who sends meanwhile fills another one. */
export const lendSlab = (size: number, isKept: boolean): Uint8Array => {
  const slab = takeSlab()
  if (isKept && (size < manyOctets || !canLend())) return slab.slice(0, size)
  current = undefined
  return slab
}

/** The transport keeps it. */
export const leaveSlabTo = (slab: Uint8Array, holder: Holder): void => {
  if (slab === quick) lent.unshift([slab, holder])
  else if (slab.length === slabSize && lent.length < maxLent) lent.push([slab, holder])
}
