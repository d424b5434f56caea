/**
 * Messages that tell of themselves: a number and a checksum in front of octets that look random, and can be compressed a little.
 *
 * A receiver needs nothing but the number it waits for to find a message that is lost, doubled, out of order or changed.
 */
import { randomBytes } from "node:crypto"
import { crc32 } from "node:zlib"

/** Octets of the number and of the checksum. */
const head = 8

const filling = randomBytes(512 * 1024).map((octet) => octet & 0x1f)

/** The message of that number, `size` octets behind its head. */
export const encode = (number: number, size: number): Buffer => {
  const message = Buffer.allocUnsafe(head + size)
  message.writeUInt32BE(number, 0)
  message.set(filling.subarray(number % 1009, (number % 1009) + size), head)
  message.writeUInt32BE(crc32(message.subarray(head), number), 4)
  return message
}

/** What is wrong with a message where that of `number` is due; undefined: nothing. */
export const faultOf = (message: Buffer, number: number): string | undefined => {
  if (message.length < head) return `a message of ${message.length} octets`
  const found = message.readUInt32BE(0)
  if (found !== number) return `message ${found} where ${number} was due`
  return crc32(message.subarray(head), found) === message.readUInt32BE(4) ? undefined : `message ${found} was changed`
}
