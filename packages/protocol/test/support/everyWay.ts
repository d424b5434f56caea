/**
 * Octets in every way they can arrive: whole, octet by octet, cut at each point, and with other octets behind them.
 *
 * `run` gets the chunks of one way and gives a value; the way must make no difference. Each chunk is a copy of its own, so
 * that a decoder that changes or keeps what it was lent does not help itself.
 */
import { expect } from "vitest"

export type Run = (chunks: ReadonlyArray<Uint8Array>) => unknown

interface Way {
  readonly name: string
  readonly chunks: ReadonlyArray<Uint8Array>
}

/** The octets of a Latin-1 text. */
export const latin1 = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0))

/** The octets cut at ascending points. */
export const cutAt = (octets: Uint8Array, points: ReadonlyArray<number>): ReadonlyArray<Uint8Array> =>
  [...points, octets.length].map((end, index) => octets.slice(index === 0 ? 0 : points[index - 1], end))

const indices = (octets: Uint8Array): ReadonlyArray<number> => Array.from(octets.keys())

const cuts = (octets: Uint8Array): ReadonlyArray<Way> => [
  { name: "whole", chunks: [octets.slice()] },
  { name: "octet by octet", chunks: cutAt(octets, indices(octets).slice(1)) },
  { name: "with empty chunks", chunks: cutAt(octets, [0, 0, octets.length]) },
  ...indices(octets).map((point) => ({ name: `cut at ${point}`, chunks: cutAt(octets, [point]) }))
]

/** Frame-like and HTTP-like octets, which nothing that is complete may touch. */
const tails = [
  new Uint8Array([0x81, 0x85, 0, 0, 0, 0, 0x48, 0x65, 0x6c, 0x6c, 0x6f]),
  latin1("\r\n\r\nGET / HTTP/1.1\r\n")
]

const followed = (octets: Uint8Array): ReadonlyArray<Way> =>
  tails.flatMap((tail, index) => [
    { name: `with tail ${index}`, chunks: [new Uint8Array([...octets, ...tail])] },
    { name: `with tail ${index} apart`, chunks: [octets.slice(), tail.slice()] }
  ])

const expectAll = (ways: ReadonlyArray<Way>, run: Run, expected: unknown): void => {
  for (const { chunks, name } of ways) expect(run(chunks), name).toEqual(expected)
}

/** For what is not complete: whole, octet by octet, and cut at each point. */
export const everyCut = (run: Run, octets: Uint8Array, expected: unknown): void =>
  expectAll(cuts(octets), run, expected)

/** For what is complete, or broken: as `everyCut`, and with octets behind it, which make no difference either. */
export const everyWay = (run: Run, octets: Uint8Array, expected: unknown): void =>
  expectAll([...cuts(octets), ...followed(octets)], run, expected)
