/** Groups 9 and 10: long messages, many fragments, many writes, many messages. */
import { binary, type Case, group, inFragments, Opcode, octets, once, text, together, type Written } from "./Case.js"

const section = "RFC 6455 §5.2, §5.4"

const KiB = 1024
const MiB = 1024 * KiB

/** A text of so many octets. */
const longText = (size: number): string => "0123456789, abcdefghijklmnop: ".repeat(size / 30 + 1).slice(0, size)

const sizes = [256 * KiB, MiB]

const whole: ReadonlyArray<Case> = [
  ...group(
    "9.1",
    section,
    sizes.map((size) => ({
      name: `a text of ${size} octets`,
      steps: [once(text(longText(size)))],
      expect: { messages: [longText(size)] }
    }))
  ),
  ...group(
    "9.2",
    section,
    sizes.map((size) => ({
      name: `${size} binary octets`,
      steps: [once(binary(octets(size)))],
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
    [64, KiB, 64 * KiB].map((size) => {
      // In the smallest fragments, as many of them as may be.
      const length = size === 64 && kind === "binary" ? 4 * MiB : MiB
      const octetsOf = Buffer.from(message(length) as string)
      return {
        name: `${kind}, ${length / MiB} MiB in fragments of ${size} octets`,
        steps: [once(together(...inFragments(opcode, octetsOf, size)))],
        expect: { messages: [message(length)] }
      }
    })
  )
)

const inWrites = (written: Written, size: number, length: number): ReadonlyArray<Written> => {
  const whole = once(written)
  return Array.from(
    { length: Math.ceil(length / size) },
    (_, at) =>
      (...tester) =>
        whole(...tester).subarray(at * size, (at + 1) * size)
  )
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
    [16, KiB].map((size) => ({
      name: `1000 messages of ${size} octets in one write`,
      steps: [once(together(...Array.from({ length: 1000 }, () => written(message(size) as string & Uint8Array))))],
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
