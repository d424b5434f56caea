/**
 * Whether octets are one whole value of MessagePack, before anything is made of them.
 *
 * A header of five octets can claim four thousand million elements, for which a decoder makes room. Here each claim is
 * compared with the octets that are there, and an element has at least one: no more room is ever made than octets have come.
 */

/** For each first octet from 0xC0 to 0xDF: octets of the length, octets that follow, elements for each of the length. */
type Form = readonly [lengthSize: number, fixed: number, elements: number]

const forms: ReadonlyArray<Form | undefined> = [
  [0, 0, 0], // nil
  undefined, // never used
  [0, 0, 0], // false
  [0, 0, 0], // true
  [1, 0, 0], // bin 8, 16, 32
  [2, 0, 0],
  [4, 0, 0],
  [1, 1, 0], // ext 8, 16, 32
  [2, 1, 0],
  [4, 1, 0],
  [0, 4, 0], // float 32, 64
  [0, 8, 0],
  [0, 1, 0], // uint 8, 16, 32, 64
  [0, 2, 0],
  [0, 4, 0],
  [0, 8, 0],
  [0, 1, 0], // int 8, 16, 32, 64
  [0, 2, 0],
  [0, 4, 0],
  [0, 8, 0],
  [0, 2, 0], // fixext 1, 2, 4, 8, 16
  [0, 3, 0],
  [0, 5, 0],
  [0, 9, 0],
  [0, 17, 0],
  [1, 0, 0], // str 8, 16, 32
  [2, 0, 0],
  [4, 0, 0],
  [2, 0, 1], // array 16, 32
  [4, 0, 1],
  [2, 0, 2], // map 16, 32
  [4, 0, 2]
]

/** A number in network order. */
const lengthAt = (octets: Uint8Array, start: number, size: number): number => {
  let length = 0
  for (let at = start; at < start + size; at++) length = length * 256 + octets[at]
  return length
}

export const holdsOneValue = (octets: Uint8Array): boolean => {
  let at = 0
  for (let missing = 1; missing > 0; ) {
    if (missing > octets.length - at) return false
    const first = octets[at++]
    missing--
    if (first < 0x80 || first >= 0xe0) continue
    if (first < 0x90) missing += 2 * (first & 0x0f)
    else if (first < 0xa0) missing += first & 0x0f
    else if (first < 0xc0) at += first & 0x1f
    else {
      const form = forms[first - 0xc0]
      if (form === undefined || at + form[0] > octets.length) return false
      const [lengthSize, fixed, elements] = form
      const length = lengthAt(octets, at, lengthSize)
      at += lengthSize + fixed + (elements === 0 ? length : 0)
      missing += elements * length
    }
  }
  return at === octets.length
}
