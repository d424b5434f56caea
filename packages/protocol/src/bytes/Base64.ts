/**
 * Base64 (RFC 4648 §4): octets to text and back.
 *
 * Decoding takes only what encoding can give: the standard alphabet, full padding, unused bits zero (RFC 4648 §3.5).
 * White space, the URL alphabet and missing padding give undefined; nothing is thrown.
 *
 * @example
 * ```ts
 * import * as Base64 from "@effect-websocket/protocol/bytes/Base64"
 *
 * const text = Base64.encode(Uint8Array.of(1, 2, 3)) // "AQID"
 * const octets = Base64.decode(text)
 * ```
 */
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

/** The six bits of an ASCII character, or -1. */
const sextets = Int8Array.from({ length: 128 }, (_, code) => alphabet.indexOf(String.fromCharCode(code)))

/** The text of up to three octets; absent ones are 0. */
const quantum = (octets: Uint8Array, at: number): string => {
  const bits = (octets[at]! << 16) | ((octets[at + 1] ?? 0) << 8) | (octets[at + 2] ?? 0)
  return (
    alphabet.charAt(bits >> 18) +
    alphabet.charAt((bits >> 12) & 63) +
    alphabet.charAt((bits >> 6) & 63) +
    alphabet.charAt(bits & 63)
  )
}

/** The text, padded. */
export const encode = (octets: Uint8Array): string => {
  let text = ""
  for (let at = 0; at < octets.length; at += 3) text += quantum(octets, at)
  const padding = (3 - (octets.length % 3)) % 3
  return text.slice(0, text.length - padding) + "=".repeat(padding)
}

const paddingOf = (text: string): number => (text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0)

/** The 24 bits of four characters, `=` counted as 0; negative when one of them is not of the alphabet. */
const bitsOf = (text: string, at: number, end: number): number => {
  let bits = 0
  for (let index = at; index < at + 4; index++) {
    const sextet = index < end ? (sextets[text.charCodeAt(index)] ?? -1) : 0
    if (sextet < 0) return -1
    bits = (bits << 6) | sextet
  }
  return bits
}

/** The octets of a Base64 text; undefined when `encode` could not have written it. */
export const decode = (text: string): Uint8Array | undefined => {
  if (text.length % 4 !== 0) return undefined
  const padding = paddingOf(text)
  const padded = new Uint8Array((text.length / 4) * 3)
  for (let at = 0, next = 0; at < text.length; at += 4) {
    const bits = bitsOf(text, at, text.length - padding)
    if (bits < 0) return undefined
    padded[next++] = bits >> 16
    padded[next++] = bits >> 8
    padded[next++] = bits
  }
  const length = padded.length - padding
  // RFC 4648 §3.5: the unused bits are zero, else two texts would mean the same octets.
  return padded.subarray(length).some((octet) => octet !== 0) ? undefined : padded.slice(0, length)
}
