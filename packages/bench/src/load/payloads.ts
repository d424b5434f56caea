/** The payloads of messages: octets of an exact size, in variants, so that one answer is not taken for another. */

/** Text is valid UTF-8, whatever its size. */
export type PayloadKind = "binary" | "ascii" | "json" | "multibyte"

const randomOctets = (size: number, seed: number): Buffer => {
  const octets = Buffer.allocUnsafe(size)
  let state = seed * 2654435761 + 1
  for (let at = 0; at < size; at++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    octets[at] = state
  }
  return octets
}

const words = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa"]

const record = (n: number): string =>
  `{"id":${1_000_000 + n * 7919},"name":"${words[n % 10]} ${words[(n * 7) % 10]}","price":${((n * 3571) % 100000) / 100},` +
  `"tags":["${words[(n * 3) % 10]}","${words[(n * 13) % 10]}"],"active":${n % 3 === 0}}`

const texts: Readonly<Record<Exclude<PayloadKind, "binary">, (n: number) => string>> = {
  ascii: (n) => `${words[n % 10]} ${words[(n * 7 + 3) % 10]} `,
  json: (n) => `${record(n)},`,
  multibyte: (n) => `größer ${["漢字", "δοκιμή", "проба", "👍🏽"][n % 4]} été `
}

/** As much text as fits whole, and spaces to the end. */
const filled = (size: number, next: (n: number) => string, seed: number): Buffer => {
  const octets = Buffer.alloc(size, " ")
  let at = 0
  for (let n = seed * 31; at < size; n++) {
    const part = Buffer.from(next(n))
    if (at + part.length > size) break
    at += part.copy(octets, at)
  }
  return octets
}

/** One payload of `size` octets. Compressed cases take text, since random octets cannot be compressed. */
export const payload = (kind: PayloadKind, size: number, variant: number): Buffer =>
  kind === "binary" ? randomOctets(size, variant + 1) : filled(size, texts[kind], variant + 1)
