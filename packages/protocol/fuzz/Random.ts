/** Random numbers of which a seed tells all: xorshift with 32 bits (Marsaglia 2003). */
export class Random {
  private state: number

  constructor(seed: number) {
    this.state = seed | 0 || 1
  }

  /** An integer from 0 up to, and without, `end`. */
  below(end: number): number {
    this.state ^= this.state << 13
    this.state ^= this.state >>> 17
    this.state ^= this.state << 5
    return (this.state >>> 0) % end
  }

  pick<A>(all: ReadonlyArray<A>): A {
    return all[this.below(all.length)] as A
  }
}
