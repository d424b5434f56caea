/**
 * Memory that WebAssembly reaches: in it masking takes a fourth to a seventh of the time, 16 octets an instruction, and to copy a
 * few octets takes no view of them.
 *
 * WebAssembly sees no memory but its own, and to copy octets there and back would take longer than to mask them. So those buffers
 * lie in it which a process has once, and through which everything goes: the one that is read into, and the one that is sent from.
 * Where the host has no WebAssembly SIMD, or forbids it (Content Security Policy), it is memory like any other.
 *
 * @example
 * ```ts
 * import { mask } from "@effect-websocket/protocol/frame/Masking"
 * import { allocate } from "@effect-websocket/protocol/frame/SimdMemory"
 *
 * const octets = allocate(64 * 1024) // once
 * mask(octets, 0, octets.length, 0x01020304, 0)
 * ```
 */

import { isKeepable } from "../bytes/Octets.js"

/**
 * Of 64 KiB: a buffer to read into has one, one to send from two, the one in which messages are put together one, and that to
 * which a decoder brings what comes from elsewhere one.
 */
const pages = 5

// The module in its binary format. Local variables are three parameters and a vector:
const [at, end, word, words] = [0, 1, 2, 3] as const
const [i32, v128, nothing] = [0x7f, 0x7b, 0x40] as const

const get = (local: number) => [0x20, local]
const set = (local: number) => [0x21, local]
const constant = (value: number) => [0x41, value]
const [add, isAbove] = [0x6a, 0x4b] as const
/** Of memory: without alignment and offset. */
const plainly = [0, 0] as const

/** While so many octets are left: loads them, XORs them with `mask`, stores them, and goes on behind them. */
const each = (
  size: number,
  { load, store, xor }: Record<"load" | "xor" | "store", ReadonlyArray<number>>,
  mask: number
) => [
  // block, loop: br_if 1 when at + size > end
  ...[0x02, nothing, 0x03, nothing],
  ...[...get(at), ...constant(size), add, ...get(end), isAbove, 0x0d, 1],
  ...[...get(at), ...get(at), ...load, ...plainly, ...get(mask), ...xor, ...store, ...plainly],
  ...[...get(at), ...constant(size), add, ...set(at)],
  // br 0, end, end
  ...[0x0c, 0, 0x0b, 0x0b]
]

const maskCode = [
  // (local $words v128) (local.set $words (i32x4.splat (local.get $word)))
  ...[1, 1, v128, ...get(word), 0xfd, 0x11, ...set(words)],
  ...each(16, { load: [0xfd, 0x00], xor: [0xfd, 0x51], store: [0xfd, 0x0b] }, words),
  ...each(4, { load: [0x28], xor: [0x73], store: [0x36] }, word),
  0x0b
]

// (memory.copy (local.get 0) (local.get 1) (local.get 2)), without local variables
const copyCode = [0, ...get(0), ...get(1), ...get(2), 0xfc, 0x0a, ...plainly, 0x0b]

const section = (id: number, ...content: ReadonlyArray<number>) => [id, content.length, ...content]

const binary = () =>
  Uint8Array.of(
    // "\0asm", version 1
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    // one type: three i32, no result; two functions of it; one memory, which does not grow
    ...section(1, 1, 0x60, 3, i32, i32, i32, 0),
    ...section(3, 2, 0, 0),
    ...section(5, 1, 1, pages, pages),
    // exports: memory "m", functions "f" and "g"
    ...section(7, 3, 1, 0x6d, 2, 0, 1, 0x66, 0, 0, 1, 0x67, 0, 1),
    ...section(10, 2, maskCode.length, ...maskCode, copyCode.length, ...copyCode)
  )

/** XORs octets of the memory from index `at` to `end`, whole words of them, with a word, whose least significant octet is the first. */
type MaskMemory = (at: number, end: number, word: number) => void

/** Copies octets of the memory to another place of it, also where the two overlap. */
type CopyMemory = (to: number, from: number, size: number) => void

let memory: ArrayBuffer | undefined
let isLoaded = false

/** When memory is first asked for: to import this does nothing. */
const load = (): void => {
  isLoaded = true
  try {
    const { f, g, m } = new WebAssembly.Instance(new WebAssembly.Module(binary())).exports
    memory = (m as { readonly buffer: ArrayBuffer }).buffer
    maskMemory = f as MaskMemory
    copyMemory = g as CopyMemory
  } catch {
    // Then no octets lie in such memory, and nobody calls the two.
  }
}

let used = 0

/** Memory of so many octets; plain memory, when there is no more of this kind. It is never freed. */
export const allocate = (size: number): Uint8Array => {
  if (!isLoaded) load()
  if (memory === undefined || used + size > memory.byteLength) return new Uint8Array(size)
  used += size
  return new Uint8Array(memory, used - size, size)
}

/** What was asked for last, and where it lies: a decoder comes again and again with the same chunk. */
let last: Uint8Array = new Uint8Array(0)
let place = -1

/** Where in this memory the octets lie; -1: they do not. */
export const placeOf = (octets: Uint8Array): number => {
  if (octets === last) return place
  const found = octets.buffer === memory ? octets.byteOffset : -1
  if (found >= 0 || isKeepable(octets)) {
    last = octets
    place = found
  }
  return found
}

/** Masks this memory; only for octets which lie in it. */
export let maskMemory: MaskMemory

/** Copies within this memory; only for octets which lie in it. */
export let copyMemory: CopyMemory
