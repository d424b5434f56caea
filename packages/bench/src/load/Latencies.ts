/** Durations in a histogram of logarithmic buckets, each 1.1 % wide: adding one costs nothing that grows with their number. */

const perOctave = 64
const octaves = 32

export class Latencies {
  private readonly buckets = new Float64Array(perOctave * octaves)
  private total = 0

  /** Adds `weight` durations of `micros` microseconds. */
  add(micros: number, weight: number): void {
    const bucket = Math.floor(Math.log2(Math.max(micros, 1)) * perOctave)
    this.buckets[Math.min(bucket, this.buckets.length - 1)] += weight
    this.total += weight
  }

  reset(): void {
    this.buckets.fill(0)
    this.total = 0
  }

  /** The duration, in microseconds, which `share` of all do not exceed. */
  percentile(share: number): number {
    let seen = 0
    const bucket = this.buckets.findIndex((weight) => {
      seen += weight
      return seen > 0 && seen >= share * this.total
    })
    return bucket < 0 ? 0 : 2 ** ((bucket + 0.5) / perOctave)
  }
}
