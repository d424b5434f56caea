/** What is said of several measurements: the middle one, how far they lie apart, and ratios within the same round. */

export interface Summary {
  readonly median: number
  readonly least: number
  readonly greatest: number
}

/** The middle of some numbers, at least one. */
export const median = (numbers: ReadonlyArray<number>): number => {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

export const summary = (numbers: ReadonlyArray<number>): Summary => ({
  median: median(numbers),
  least: Math.min(...numbers),
  greatest: Math.max(...numbers)
})

/** The median of the ratios of each round: what disturbed a round has disturbed both. */
export const ratio = (numbers: ReadonlyArray<number>, base: ReadonlyArray<number>): number =>
  median(numbers.slice(0, base.length).map((number, round) => number / base[round]!))

/** With three digits, as many as such measurements carry. */
export const format = (number: number): string => {
  if (Math.abs(number) >= 1e6) return `${(number / 1e6).toPrecision(3)} M`
  if (Math.abs(number) >= 1e4) return `${(number / 1e3).toPrecision(3)} k`
  return Math.abs(number) >= 100 ? `${Math.round(number)}` : number.toPrecision(3)
}
