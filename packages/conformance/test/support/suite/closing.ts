/** Group 7: Close frames (RFC 6455 §5.5.1, §7). */
import { type Case, close, fails, fragments, group, Opcode, octets, part, ping, text, together, whole } from "./Case.js"

const closes = true

const orders: ReadonlyArray<Case> = group("7.1", "RFC 6455 §5.5.1", [
  { name: "a text, and a Close", steps: [text("first"), close(1000)], expect: { messages: ["first"] }, closes },
  {
    name: "a text and a Close in one write",
    steps: [together(text("first"), close(1000))],
    expect: { messages: ["first"] },
    closes
  },
  { name: "two Close frames", steps: [together(close(1000), close(1001))], expect: {}, closes },
  { name: "a Ping behind a Close", steps: [together(close(1000), ping("late"))], expect: {}, closes },
  { name: "a text behind a Close", steps: [together(close(1000), text("late"))], expect: {}, closes },
  {
    name: "a Close between two fragments",
    steps: [together(part(Opcode.text, "one"), close(1000), whole(Opcode.more, "two"))],
    expect: {},
    closes
  },
  {
    name: "a fault behind a Close",
    steps: [together(close(1000), whole(3, "late"))],
    expect: {},
    closes
  },
  {
    name: "256 KiB, a Close and a Ping in one write",
    steps: [together(whole(Opcode.binary, octets(262_144)), close(1000), ping("late"))],
    expect: { messages: [octets(262_144)] },
    closes
  },
  {
    name: "a fragmented text and a Close in one write",
    steps: [together(...fragments(Opcode.text, "fir", "st"), close(1000))],
    expect: { messages: ["first"] },
    closes
  },
  {
    name: "a Ping and a Close in one write",
    steps: [together(ping("now"), close(1000))],
    expect: { pongs: ["now"] },
    closes
  }
])

const payloads: ReadonlyArray<Case> = group("7.3", "RFC 6455 §5.5.1, §7.1.6", [
  { name: "a Close without payload", steps: [close()], expect: { close: 1005 }, closes },
  { name: "a Close of one octet", steps: [whole(Opcode.close, "x")], expect: fails(1002), closes },
  { name: "a Close with a code alone", steps: [close(1000)], expect: {}, closes },
  { name: "a Close with a reason", steps: [close(1000, "Hello, é")], expect: {}, closes },
  { name: "a Close with a reason of 123 octets", steps: [close(1000, "r".repeat(123))], expect: {}, closes },
  { name: "a Close with a reason of 124 octets", steps: [close(1000, "r".repeat(124))], expect: fails(1002), closes }
])

const reasons: ReadonlyArray<Case> = group(
  "7.5",
  "RFC 6455 §7.1.6, §8.1",
  ["ff", "c3", "eda080", "f4908080", "48e282", "c0af"].map((digits) => ({
    name: `a Close with the reason ${digits}, which is no UTF-8`,
    steps: [close(1000, Buffer.from(digits, "hex"))],
    expect: fails(1007),
    closes
  }))
)

const validCodes = [
  1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3001, 3999, 4000, 4001, 4999
]

const invalidCodes = [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 9999, 32_768, 65_535]

const codes: ReadonlyArray<Case> = [
  ...group(
    "7.7",
    "RFC 6455 §5.5.1, §7.4",
    validCodes.map((code) => ({
      name: `a Close with the code ${code}`,
      steps: [close(code)],
      expect: { close: code },
      closes
    }))
  ),
  ...group(
    "7.9",
    "RFC 6455 §7.4",
    invalidCodes.flatMap((code) => [
      { name: `a Close with the code ${code}`, steps: [close(code)], expect: fails(1002), closes },
      {
        name: `a Close with the code ${code} and a reason`,
        steps: [close(code, "Hello")],
        expect: fails(1002),
        closes
      }
    ])
  )
]

export const closing = [...orders, ...payloads, ...reasons, ...codes]
