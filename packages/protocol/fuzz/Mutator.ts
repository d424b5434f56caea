/** Makes new inputs of ones that are known: some changes one after the other, each small. */
import type { Random } from "./Random.js"

/** Longer inputs are slower, and reach nothing that shorter ones do not. */
const maxLength = 512

/** Lengths, signs and marks: where decoders decide. */
const telling = [
  0, 1, 7, 8, 9, 10, 13, 32, 34, 44, 58, 59, 61, 92, 125, 126, 127, 128, 129, 137, 191, 192, 224, 239, 240
]

type Change = (octets: Uint8Array) => Uint8Array

const spliced = (octets: Uint8Array, start: number, end: number, put: Uint8Array): Uint8Array => {
  const result = new Uint8Array(octets.length - (end - start) + put.length)
  result.set(octets.subarray(0, start))
  result.set(put, start)
  result.set(octets.subarray(end), start + put.length)
  return result
}

export class Mutator {
  private readonly changes: ReadonlyArray<Change>

  /** `words`: what the target's language is made of. `others`: more inputs, whose parts fit into each other. */
  constructor(
    private readonly random: Random,
    private readonly words: ReadonlyArray<Uint8Array>,
    private readonly others: ReadonlyArray<Uint8Array>
  ) {
    this.changes = [
      this.bit,
      this.octet,
      this.octet,
      this.number,
      this.remove,
      this.repeat,
      this.word,
      this.word,
      this.cross
    ]
  }

  /** A changed copy. */
  mutate(octets: Uint8Array): Uint8Array {
    let result: Uint8Array = octets.slice()
    for (let left = 1 + this.random.below(6); left > 0; left--) {
      const change = result.length === 0 ? this.word : this.random.pick(this.changes)
      result = change(result).subarray(0, maxLength)
    }
    return result
  }

  private readonly bit: Change = (octets) => {
    octets[this.random.below(octets.length)]! ^= 1 << this.random.below(8)
    return octets
  }

  private readonly octet: Change = (octets) => {
    octets[this.random.below(octets.length)] =
      this.random.below(2) === 0 ? this.random.below(256) : this.random.pick(telling)
    return octets
  }

  /** A length of 16 or 64 bits, as headers of frames have them. */
  private readonly number: Change = (octets) => {
    const size = this.random.pick([2, 8])
    const at = this.random.below(octets.length)
    const value = this.random.pick([0, 125, 126, 127, 255, 256, 1000, 65535, 65536, 2 ** 31, 2 ** 32, 2 ** 53, 2 ** 63])
    const put = new Uint8Array(8)
    new DataView(put.buffer).setBigUint64(0, BigInt(value))
    return spliced(octets, at, Math.min(octets.length, at + size), put.subarray(8 - size))
  }

  private readonly remove: Change = (octets) => {
    const { end, start } = this.range(octets)
    return spliced(octets, start, end, new Uint8Array(0))
  }

  private readonly repeat: Change = (octets) => {
    const { end, start } = this.range(octets)
    return spliced(octets, end, end, octets.slice(start, end))
  }

  private readonly word: Change = (octets) => {
    const at = this.random.below(octets.length + 1)
    const word = this.words.length === 0 ? Uint8Array.of(this.random.below(256)) : this.random.pick(this.words)
    const end = this.random.below(2) === 0 ? at : Math.min(octets.length, at + word.length)
    return spliced(octets, at, end, word)
  }

  /** The beginning of this one, and the end of another. */
  private readonly cross: Change = (octets) => {
    const other = this.others.length === 0 ? octets : this.random.pick(this.others)
    const from = this.random.below(other.length + 1)
    return spliced(octets, this.random.below(octets.length + 1), octets.length, other.subarray(from))
  }

  private range(octets: Uint8Array): { readonly start: number; readonly end: number } {
    const start = this.random.below(octets.length)
    return { start, end: Math.min(octets.length, start + 1 + this.random.below(1 << this.random.below(7))) }
  }
}
