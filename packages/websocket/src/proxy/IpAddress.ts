/**
 * IP addresses as text (RFC 3986 §3.2.2, RFC 4291 §2.2): four octets, sixteen, or none.
 *
 * Digits only, and decimal: `010.1`, `0x7f.1` and other old spellings are names here.
 */

const decimal = (text: string, max: number): number => {
  const isNumber = text.length > 0 && text.length <= 3 && Array.from(text).every((char) => char >= "0" && char <= "9")
  const isShortest = text === "0" || text[0] !== "0"
  return isNumber && isShortest && Number(text) <= max ? Number(text) : -1
}

const parseV4 = (text: string): Uint8Array | undefined => {
  const parts = text.split(".").map((part) => decimal(part, 255))
  return parts.length === 4 && parts.every((part) => part >= 0) ? Uint8Array.from(parts) : undefined
}

const isHex = (char: string): boolean => "0123456789abcdefABCDEF".includes(char)

/** Two octets; the last group may be an IPv4 address, which is four. */
const group = (text: string, isLast: boolean): ReadonlyArray<number> | undefined => {
  if (text.includes(".")) {
    const v4 = isLast ? parseV4(text) : undefined
    return v4 && Array.from(v4)
  }
  if (text.length < 1 || text.length > 4 || !Array.from(text).every(isHex)) return undefined
  const value = Number.parseInt(text, 16)
  return [value >> 8, value & 0xff]
}

/** The octets of groups between colons; undefined: one of them is none. `isTail`: the last one ends the address. */
const groups = (text: string, isTail: boolean): ReadonlyArray<number> | undefined => {
  if (text === "") return []
  const parts = text.split(":")
  const octets: Array<number> = []
  for (const [index, part] of parts.entries()) {
    const more = group(part, isTail && index === parts.length - 1)
    if (more === undefined) return undefined
    octets.push(...more)
  }
  return octets
}

const parseV6 = (text: string): Uint8Array | undefined => {
  const gap = text.indexOf("::")
  if (gap < 0) {
    const octets = groups(text, true)
    return octets?.length === 16 ? Uint8Array.from(octets) : undefined
  }
  const before = groups(text.slice(0, gap), false)
  const after = groups(text.slice(gap + 2), true)
  // RFC 4291 §2.2: "::" stands for one or more groups of zeros.
  if (before === undefined || after === undefined || before.length + after.length > 14) return undefined
  const octets = new Uint8Array(16)
  octets.set(before)
  octets.set(after, 16 - after.length)
  return octets
}

/** The octets of an address without brackets; undefined: it is a name. */
export const parse = (host: string): Uint8Array | undefined => (host.includes(":") ? parseV6(host) : parseV4(host))
