/**
 * A fixed piece of work in plain JavaScript, against which everything is measured: octets read, integers mixed, octets
 * written. It must never be changed, since every stored ratio refers to it.
 */

const octets = new Uint8Array(16 * 1024)

export const calibrate = (): number => {
  let hash = 0x811c9dc5
  for (let at = 0; at < octets.length; at++) {
    hash = Math.imul(hash ^ octets[at], 0x01000193)
    octets[at] = hash >>> 13
  }
  return hash
}
