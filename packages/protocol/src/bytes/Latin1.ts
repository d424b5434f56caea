/**
 * Latin-1 (ISO 8859-1), in which the heads of HTTP are written (RFC 9110 §5.5): one octet for each character.
 *
 * @example
 * ```ts
 * import * as Latin1 from "@effect-websocket/protocol/bytes/Latin1"
 *
 * const octets = Latin1.encode("é") // one octet, 233
 * Latin1.decode(octets, 0, octets.length) // "é"
 * ```
 */

/** The octets of a text without code points over U+00FF. Of others the low octet: whoever writes has checked. */
export const encode = (text: string): Uint8Array => {
  const octets = new Uint8Array(text.length)
  for (let at = 0; at < text.length; at++) octets[at] = text.charCodeAt(at)
  return octets
}

/** The text of the octets from `start` to `end`. */
export const decode = (octets: Uint8Array, start: number, end: number): string => {
  let text = ""
  for (let at = start; at < end; at++) text += String.fromCharCode(octets[at])
  return text
}
