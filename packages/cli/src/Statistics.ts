/** Round trips in numbers. All in milliseconds. */
export interface Statistics {
  readonly min: number
  readonly mean: number
  readonly max: number
  /** The standard deviation of the population. */
  readonly deviation: number
}

/** `undefined` when there is nothing to count. */
export const of = (times: ReadonlyArray<number>): Statistics | undefined => {
  if (times.length === 0) return undefined
  const mean = times.reduce((sum, time) => sum + time, 0) / times.length
  const variance = times.reduce((sum, time) => sum + (time - mean) ** 2, 0) / times.length
  return { min: Math.min(...times), mean, max: Math.max(...times), deviation: Math.sqrt(variance) }
}

/** As `ping` prints it. */
export const format = ({ deviation, max, mean, min }: Statistics): string =>
  `round trip min/mean/max/deviation ${[min, mean, max, deviation].map((value) => value.toFixed(3)).join("/")} ms`
