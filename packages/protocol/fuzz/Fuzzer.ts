/**
 * Looks for inputs that reach what no other input has reached, and keeps them: they are what the next ones are made of.
 *
 * Reached is a branch that was taken, and how often it was taken in one run, roughly (1, 2, 3, 4–7, 8–15, … times), as AFL
 * counts it.
 */
import { Mutator } from "./Mutator.js"
import type { Random } from "./Random.js"
import { octetsOf, type Target } from "./Target.js"

/** The bit for a number of times. */
const bits = Uint8Array.from({ length: 256 }, (_, times) => {
  const steps = [1, 2, 3, 4, 8, 16, 32, 128]
  const step = steps.filter((least) => least <= times).length
  return step === 0 ? 0 : 1 << (step - 1)
})

/** An input that breaks a law. */
export interface Finding {
  readonly target: string
  readonly octets: Uint8Array
  readonly error: unknown
}

export class Fuzzer {
  /** Inputs of which each reached something new. */
  readonly corpus: Array<Uint8Array> = []
  runs = 0
  private readonly seen: Uint8Array
  private readonly mutator: Mutator

  /** `branches`: where the instrumented sources count. */
  constructor(
    readonly target: Target,
    private readonly branches: Uint8Array,
    private readonly random: Random
  ) {
    this.seen = new Uint8Array(branches.length)
    this.mutator = new Mutator(random, target.words.map(octetsOf), this.corpus)
  }

  /** Inputs that together reach the same, the shortest first. */
  minimal(): ReadonlyArray<Uint8Array> {
    const again = new Fuzzer(this.target, this.branches, this.random)
    for (const octets of [...this.corpus].sort((a, b) => a.length - b.length)) again.try(octets)
    return again.corpus
  }

  /** Branches that were taken. */
  get reached(): number {
    return this.seen.reduce((sum, each) => sum + (each === 0 ? 0 : 1), 0)
  }

  /** Runs an input, and keeps it if it reaches something new. */
  try(octets: Uint8Array): Finding | undefined {
    this.branches.fill(0)
    this.runs++
    try {
      this.target.check(octets.slice())
    } catch (error) {
      return { target: this.target.name, octets, error }
    }
    if (this.isNew()) this.corpus.push(octets)
    return undefined
  }

  /** Runs an input that is made of known ones. The last that were found are taken more often. */
  step(): Finding | undefined {
    const { corpus, random } = this
    const recent = Math.max(1, corpus.length >> 2)
    const at = random.below(2) === 0 ? corpus.length - 1 - random.below(recent) : random.below(corpus.length)
    return this.try(this.mutator.mutate(corpus[at] ?? new Uint8Array(1)))
  }

  private isNew(): boolean {
    const { branches, seen } = this
    let found = false
    for (let at = 0; at < branches.length; at++) {
      const bit = bits[branches[at]!]!
      if ((bit & ~seen[at]!) === 0) continue
      seen[at]! |= bit
      found = true
    }
    return found
  }
}
