/**
 * A decompressor in plain TypeScript (RFC 1951), with the ways of zlib: it stops wherever octets or room are missing.
 *
 * Used only where NodeDeflateHandle is not there, since nothing in the public API of Node.js inflates synchronously
 * and in pieces. Twenty times slower than zlib, and as exact.
 */
import { Flush, type NodeDeflateStream } from "./NodeDeflateStream.js"

/** A canonical Huffman code: how many codes of each length, and the symbols in the order of their codes. */
interface Code {
  readonly counts: Uint16Array
  readonly symbols: Uint16Array
}

/** RFC 1951 §3.2.5: what the symbols 257 to 285 stand for. */
const lengthBase = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258
]
const lengthBits = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0]

/** Distances: two symbols for each number of extra bits. */
const distanceBits = (symbol: number): number => Math.max(0, (symbol >> 1) - 1)
const distanceBase = (symbol: number): number =>
  symbol < 2 ? symbol + 1 : 1 + ((2 + (symbol & 1)) << distanceBits(symbol))

/** §3.2.7: the order in which the lengths of the code length code come. */
const lengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]

const windowSize = 2 ** 15
const maxCodeBits = 15

/** More codes than there can be, or fewer; a single code of one bit, or none, is a whole one where `allowsSingle`. */
const makeCode = (lengths: Uint8Array, allowsSingle: boolean): Code | undefined => {
  const counts = new Uint16Array(maxCodeBits + 1)
  for (const length of lengths) counts[length]++
  let left = 1
  for (let length = 1; length <= maxCodeBits; length++) {
    left = left * 2 - counts[length]
    if (left < 0) return undefined
  }
  const used = lengths.length - counts[0]
  if (left > 0 && !(allowsSingle && (used === 0 || (used === 1 && counts[1] === 1)))) return undefined
  return { counts, symbols: sortSymbols(lengths, counts) }
}

const sortSymbols = (lengths: Uint8Array, counts: Uint16Array): Uint16Array => {
  const next = new Uint16Array(maxCodeBits + 2)
  for (let length = 1; length <= maxCodeBits; length++) next[length + 1] = next[length] + counts[length]
  const symbols = new Uint16Array(lengths.length)
  lengths.forEach((length, symbol) => {
    if (length > 0) symbols[next[length]++] = symbol
  })
  return symbols
}

/** §3.2.6: the codes that are known to both sides. */
const fixedLengths = Uint8Array.from({ length: 288 }, (_, symbol) =>
  symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8
)
let fixed: readonly [Code, Code] | undefined
const fixedCodes = (): readonly [Code, Code] => {
  fixed ??= [makeCode(fixedLengths, false) as Code, makeCode(new Uint8Array(32).fill(5), false) as Code]
  return fixed
}

/** Suspended where octets or room are missing; its result is false for broken data. */
type Step<A> = Generator<void, A>

export class NodeInflatePlain implements NodeDeflateStream {
  availOut = 0
  private input: Uint8Array = new Uint8Array(0)
  private at = 0
  private inputEnd = 0
  private output: Uint8Array = new Uint8Array(0)
  private stopsAtBlock = false
  private bits = 0
  private bitCount = 0
  private window = new Uint8Array(windowSize)
  /** Octets inflated since the last reset. */
  private total = 0
  private isBroken = false
  private machine = this.inflate()

  get availIn(): number {
    return this.inputEnd - this.at
  }

  write(flush: number, input: Uint8Array, start: number, end: number, output: Uint8Array, room: number): boolean {
    this.input = input
    this.at = start
    this.inputEnd = end
    this.output = output.subarray(0, room)
    this.availOut = room
    this.stopsAtBlock = flush === Flush.Block
    const step = this.machine.next()
    if (step.done && step.value === false) this.isBroken = true
    return !this.isBroken
  }

  reset(): void {
    this.bits = 0
    this.bitCount = 0
    this.total = 0
    this.isBroken = false
    this.machine = this.inflate()
  }

  close(): void {
    this.window = new Uint8Array(0)
  }

  private *inflate(): Step<boolean> {
    for (let isLast = false; !isLast; ) {
      isLast = (yield* this.take(1)) === 1
      const type = yield* this.take(2)
      const isSound = type === 0 ? yield* this.stored() : type < 3 && (yield* this.compressed(type === 2))
      if (!isSound) return false
      if (this.stopsAtBlock && !isLast) yield
    }
    return true
  }

  /** One octet more of the input. */
  private *fill(): Step<void> {
    while (this.at === this.inputEnd) yield
    this.bits |= this.input[this.at++] << this.bitCount
    this.bitCount += 8
  }

  /** The next `count` bits, the first one lowest. */
  private *take(count: number): Step<number> {
    while (this.bitCount < count) yield* this.fill()
    const value = this.bits & ((1 << count) - 1)
    this.bits >>>= count
    this.bitCount -= count
    return value
  }

  /** There must be room. */
  private put(octet: number): void {
    this.output[this.output.length - this.availOut--] = octet
    this.window[this.total++ % windowSize] = octet
  }

  private *stored(): Step<boolean> {
    yield* this.take(this.bitCount & 7)
    const length = yield* this.take(16)
    if (((yield* this.take(16)) ^ length) !== 0xffff) return false
    for (let left = length; left > 0; left--) {
      while (this.availOut === 0) yield
      this.put(yield* this.take(8))
    }
    return true
  }

  private *compressed(isDynamic: boolean): Step<boolean> {
    const codes = isDynamic ? yield* this.codes() : fixedCodes()
    if (codes === undefined) return false
    for (;;) {
      const symbol = yield* this.symbol(codes[0])
      if (symbol === 256) return true
      if (symbol >= 0 && symbol < 256) {
        while (this.availOut === 0) yield
        this.put(symbol)
      } else if (symbol < 0 || symbol > 285 || !(yield* this.copy(symbol - 257, codes[1]))) return false
    }
  }

  /** The symbol of the next code, or -1. */
  private *symbol({ counts, symbols }: Code): Step<number> {
    let [code, first, index] = [0, 0, 0]
    for (let length = 1; length <= maxCodeBits; length++) {
      if (this.bitCount === 0) yield* this.fill()
      code |= this.bits & 1
      this.bits >>>= 1
      this.bitCount--
      if (code - first < counts[length]) return symbols[index + code - first]
      index += counts[length]
      first = (first + counts[length]) * 2
      code *= 2
    }
    return -1
  }

  private *copy(symbol: number, distances: Code): Step<boolean> {
    const length = lengthBase[symbol] + (yield* this.take(lengthBits[symbol]))
    const code = yield* this.symbol(distances)
    if (code < 0 || code > 29) return false
    const distance = distanceBase(code) + (yield* this.take(distanceBits(code)))
    if (distance > this.total) return false
    for (let left = length; left > 0; left--) {
      while (this.availOut === 0) yield
      this.put(this.window[(this.total - distance) % windowSize])
    }
    return true
  }

  /** §3.2.7: the codes that stand before the data. */
  private *codes(): Step<readonly [Code, Code] | undefined> {
    const literals = 257 + (yield* this.take(5))
    const distances = 1 + (yield* this.take(5))
    const count = 4 + (yield* this.take(4))
    if (literals > 286 || distances > 30) return undefined
    const order = new Uint8Array(19)
    for (const index of lengthOrder.slice(0, count)) order[index] = yield* this.take(3)
    const lengthCode = makeCode(order, false)
    if (lengthCode === undefined) return undefined
    const lengths = yield* this.lengths(literals + distances, lengthCode)
    if (lengths === undefined || lengths[256] === 0) return undefined
    const first = makeCode(lengths.subarray(0, literals), true)
    const second = makeCode(lengths.subarray(literals), true)
    return first === undefined || second === undefined ? undefined : [first, second]
  }

  private *lengths(count: number, code: Code): Step<Uint8Array | undefined> {
    const lengths = new Uint8Array(count)
    for (let at = 0; at < count; ) {
      const symbol = yield* this.symbol(code)
      if (symbol < 0 || (symbol === 16 && at === 0)) return undefined
      const repeat = symbol < 16 ? 1 : symbol === 18 ? 11 + (yield* this.take(7)) : 3 + (yield* this.take(symbol - 14))
      if (at + repeat > count) return undefined
      lengths.fill(symbol < 16 ? symbol : symbol === 16 ? lengths[at - 1] : 0, at, at + repeat)
      at += repeat
    }
    return lengths
  }
}
