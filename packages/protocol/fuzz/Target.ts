/** What the fuzzer runs: some octets of a peer, and the laws that hold whatever they are. */
export interface Target {
  readonly name: string
  /** What the language of the octets is made of, in Latin-1. */
  readonly words: ReadonlyArray<string>
  /** Throws when a law does not hold. */
  readonly check: (octets: Uint8Array) => void
}

/** The octets of a text of Latin-1. */
export const octetsOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "latin1"))

export const textOf = (octets: Uint8Array): string => Buffer.from(octets).toString("latin1")

/** The octets whole, one by one, and cut in two places that they tell themselves. */
export const ways = (octets: Uint8Array): ReadonlyArray<ReadonlyArray<Uint8Array>> => {
  let sum = 7
  for (const octet of octets) sum = (31 * sum + octet) >>> 0
  const [first, second] = [sum % (octets.length + 1), (sum >>> 9) % (octets.length + 1)].sort((a, b) => a - b)
  return [
    [octets],
    Array.from(octets, (_, at) => octets.subarray(at, at + 1)),
    [octets.subarray(0, first), octets.subarray(first, second), octets.subarray(second)]
  ]
}
