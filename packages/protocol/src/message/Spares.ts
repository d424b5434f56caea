/**
 * Memory that messages left for larger memory, to be used again: V8 collects garbage for every 32 MiB of memory that it has
 * allocated for octets.
 *
 * What is in it is of no interest: it is never given away with a message that does not fill it.
 *
 * @example
 * ```ts
 * import { leave, take } from "@effect-websocket/protocol/message/Spares"
 *
 * leave(new Uint8Array(100_000))
 * const memory = take(60_000, 120_000) // of 100 000 octets
 * ```
 */
const minSize = 16 * 1024
const maxSize = 512 * 1024
const maxSpares = 8

const spares: Array<Uint8Array> = []

/** How much of what was wanted has to be there. */
const fraction = 0.75

/** Memory of `wanted` octets, or of a little less, but at least `needed`. */
export const take = (needed: number, wanted: number): Uint8Array => {
  const least = Math.max(needed, fraction * wanted)
  const at = spares.findIndex(({ length }) => length >= least && length <= wanted)
  return at < 0 ? new Uint8Array(wanted) : spares.splice(at, 1)[0]
}

/** Nobody needs this memory any more. */
export const leave = (memory: Uint8Array): void => {
  if (memory.length < minSize || memory.length > maxSize) return
  if (spares.push(memory) > maxSpares) spares.shift()
}
