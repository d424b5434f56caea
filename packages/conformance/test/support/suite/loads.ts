/** Groups 9 and 10: long messages, many fragments, many writes, many messages. */
import { binary, type Case, group, inFragments, Opcode, octets, text, together, type Written } from "./Case.js"

const section = "RFC 6455 §5.2, §5.4"

const KiB = 1024
const MiB = 1024 * KiB

/** A text of so many octets. */
const longText = (size: number): string => "0123456789, abcdefghijklmnop: ".repeat(size / 30 + 1).slice(0, size)

const sizes = [256 * KiB, 4 * MiB]

const whole: ReadonlyArray<Case> = [
  ...group(
    "9.1",
    section,
    sizes.map((size) => ({
      name: `a text of ${size} octets`,
      steps: [text(longText(size))],
      expect: { messages: [longText(size)] }
    }))
  ),
  ...group(
    "9.2",
    section,
    sizes.map((size) => ({
      name: `${size} binary octets`,
      steps: [binary(octets(size))],
      expect: { messages: [octets(size)] }
    }))
  )
]

const fragmented: ReadonlyArray<Case> = [
  ["9.3", Opcode.text, "text", (size: number) => longText(size)] as const,
  ["9.4", Opcode.binary, "binary", (size: number) => octets(size)] as const
].flatMap(([prefix, opcode, kind, message]) =>
  group(
    prefix,
    section,
    [64, KiB, 64 * KiB].map((size) => ({
      name: `${kind}, ${size === 64 ? 4 : 1} MiB in fragments of ${size} octets`,
      steps: [together(...inFragments(opcode, Buffer.from(message(size === 64 ? 4 * MiB : MiB) as string), size))],
      expect: { messages: [message(size === 64 ? 4 * MiB : MiB)] }
    }))
  )
)

const inWrites = (written: Written, size: number, length: number): ReadonlyArray<Written> => {
  const octets = new Map<string, Buffer>()
  return Array.from({ length: Math.ceil(length / size) }, (_, at) => (role, deflater) => {
    const all = octets.get(role) ?? written(role, deflater)
    octets.set(role, all)
    return all.subarray(at * size, (at + 1) * size)
  })
}

const chopped: ReadonlyArray<Case> = [
  ["9.5", (size: number) => text(longText(size)), (size: number) => longText(size)] as const,
  ["9.6", (size: number) => binary(octets(size)), (size: number) => octets(size)] as const
].flatMap(([prefix, written, message]) =>
  group(
    prefix,
    section,
    [997, 16 * KiB].map((size) => ({
      name: `256 KiB in writes of ${size} octets`,
      steps: inWrites(written(256 * KiB), size, 256 * KiB + 14),
      expect: { messages: [message(256 * KiB)] }
    }))
  )
)

const many: ReadonlyArray<Case> = [
  ["9.7", (size: number) => longText(size), text] as const,
  ["9.8", (size: number) => octets(size), binary] as const
].flatMap(([prefix, message, written]) =>
  group(
    prefix,
    section,
    [0, 64, KiB].map((size) => ({
      name: `1000 messages of ${size} octets in one write`,
      steps: [together(...Array.from({ length: 1000 }, () => written(message(size) as string & Uint8Array)))],
      expect: { messages: Array.from({ length: 1000 }, () => message(size)) }
    }))
  )
)

const odd: ReadonlyArray<Case> = group("10.1", section, [
  {
    name: "a text of 65 536 octets in fragments of 1300",
    steps: inFragments(Opcode.text, Buffer.from(longText(64 * KiB)), 1300),
    expect: { messages: [longText(64 * KiB)] }
  }
])

export const loads = [...whole, ...fragmented, ...chopped, ...many, ...odd]
