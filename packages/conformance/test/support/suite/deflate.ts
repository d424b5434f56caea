/** Groups 12 and 13: permessage-deflate (RFC 7692), of many kinds of messages, and with all combinations of parameters. */
import { noise } from "../rawDeflate.js"
import { fin, frame, rsv1 } from "../wire.js"
import {
  type Case,
  type Expected,
  fails,
  group,
  Opcode,
  type Role,
  type Step,
  text,
  type Written,
  whole
} from "./Case.js"

type Message = string | Uint8Array

const frames = (role: Role, first: number, payload: Uint8Array, size: number): Buffer => {
  const parts: Array<Buffer> = []
  for (let at = 0; at === 0 || at < payload.length; at += size) {
    const isLast = at + size >= payload.length
    parts.push(frame((isLast ? fin : 0) | (at === 0 ? first : 0), payload.subarray(at, at + size), role))
  }
  return Buffer.concat(parts)
}

/** A compressed message, in frames of at most this size. */
const message =
  (content: Message, size = Number.POSITIVE_INFINITY): Written =>
  (role, deflater) =>
    frames(role, rsv1 | (typeof content === "string" ? Opcode.text : Opcode.binary), deflater.deflate(content), size)

const hex = (digits: string): Buffer => Buffer.from(digits.replaceAll(" ", ""), "hex")

/** Frames given by their first octets and payloads. */
const given =
  (...all: ReadonlyArray<readonly [first: number, digits: string]>): Written =>
  (role) =>
    Buffer.concat(all.map(([first, digits]) => frame(first, hex(digits), role)))

type Content = (size: number, index: number) => Message

const json = (size: number, index: number): string =>
  JSON.stringify(
    Array.from({ length: Math.ceil(size / 60) }, (_, at) => ({
      id: at * 7919,
      name: `member ${index}-${at}`,
      tags: ["a", "b"]
    }))
  ).slice(0, size)

const contents: ReadonlyArray<readonly [name: string, content: Content]> = [
  ["JSON", json],
  ["noise", (size, index) => noise(size, index * size + 1)],
  ["one letter", (size) => "*".repeat(size)],
  ["letters of three octets", (size, index) => "€ঔ漢字かな".repeat(size).slice(index, index + Math.ceil(size / 3))],
  ["zeros", (size) => new Uint8Array(size)]
]

const contentCases: ReadonlyArray<Case> = contents.flatMap(([name, content], at) =>
  group(
    `12.${at + 1}`,
    "RFC 7692 §7.2",
    [16, 1024, 65_536].flatMap((size) =>
      [Number.POSITIVE_INFINITY, 256].map((fragment) => {
        const messages = Array.from({ length: size > 1024 ? 2 : 10 }, (_, index) => content(size, index))
        return {
          name: `messages of ${name}, ${size} long${fragment === 256 ? ", in fragments of 256" : ""}`,
          deflate: "",
          steps: messages.map((each) => message(each, fragment)),
          expect: { messages }
        }
      })
    )
  )
)

const special = (
  prefix: string,
  section: string,
  cases: ReadonlyArray<readonly [name: string, steps: ReadonlyArray<Step>, expect: Expected]>
): ReadonlyArray<Case> =>
  group(
    prefix,
    section,
    cases.map(([name, steps, expect]) => ({ name, deflate: "", steps, expect }))
  )

const [textFirst, binaryFirst] = [fin | rsv1 | Opcode.text, fin | rsv1 | Opcode.binary]

const blocks = special("12.6", "RFC 7692 §7.2.3", [
  ["one block", [given([textFirst, "f248cdc9c90700"])], { messages: ["Hello"] }],
  ["two fragments", [given([rsv1 | 1, "f248cd"], [fin, "c9c90700"])], { messages: ["Hello"] }],
  [
    "the window of the message before",
    [given([textFirst, "f248cdc9c90700"]), given([textFirst, "f200110000"])],
    { messages: ["Hello", "Hello"] }
  ],
  ["a stored block", [given([textFirst, "000500faff48656c6c6f00"])], { messages: ["Hello"] }],
  ["a block with BFINAL", [given([textFirst, "f348cdc9c9070000"])], { messages: ["Hello"] }],
  [
    "a message behind one with BFINAL",
    [given([textFirst, "f348cdc9c9070000"]), given([textFirst, "f248cdc9c90700"])],
    { messages: ["Hello", "Hello"] }
  ],
  ["two blocks", [given([textFirst, "f248050000 00ffffcac9c90700"])], { messages: ["Hello"] }],
  ["an empty message", [given([textFirst, "00"])], { messages: [""] }],
  ["an empty message in empty fragments", [given([rsv1 | 1, ""], [0, ""], [fin, "00"])], { messages: [""] }],
  [
    "messages that are not compressed, and one that is",
    [text("a"), message("b"), text("c"), whole(Opcode.binary, Buffer.of(1))],
    { messages: ["a", "b", "c", Uint8Array.of(1)] }
  ],
  [
    "a Ping between compressed fragments",
    [given([rsv1 | 1, "f248cd"], [fin | Opcode.ping, "686921"], [fin, "c9c90700"])],
    { messages: ["Hello"], pongs: ["hi!"] }
  ]
])

const notText: Written = (role, deflater) => frame(textFirst, deflater.deflate(Buffer.from("48ff48", "hex")), role)

const faults = special("12.7", "RFC 7692 §6, §7.2", [
  ["RSV1 on a continuation", [given([rsv1 | 1, "f248cd"], [fin | rsv1, "c9c90700"])], fails(1002)],
  ["RSV1 on a Ping", [given([fin | rsv1 | Opcode.ping, ""])], fails(1002)],
  ["RSV1 on a Close", [given([fin | rsv1 | Opcode.close, "03e8"])], fails(1002)],
  ["RSV2 on a compressed text", [given([textFirst | 0x20, "f248cdc9c90700"])], fails(1002)],
  ["RSV3 on a compressed text", [given([textFirst | 0x10, "f248cdc9c90700"])], fails(1002)],
  ["a block of the reserved type", [given([textFirst, "07"])], fails(1007)],
  ["a stored block whose lengths differ", [given([textFirst, "000500fafe48656c6c6f00"])], fails(1007)],
  ["a distance that is too far", [given([binaryFirst, "02110000"])], fails(1007)],
  ["a message that is cut inside of a block", [given([textFirst, "f248cd"])], fails(1007)],
  ["garbage behind a block with BFINAL", [given([textFirst, "f348cdc9c90700deadbeef"])], fails(1007)],
  ["a compressed text that is no UTF-8", [message("first"), notText], fails(1007, ["first"])],
  ["17 MiB of zeros in 17 KiB", [message(new Uint8Array(17 * 1024 * 1024))], fails(1009)],
  ["broken data behind a message", [message("first"), given([textFirst, "07"])], fails(1007, ["first"])]
])

const talk: ReadonlyArray<Message> = [
  noise(1500, 7),
  "Hello",
  noise(1500, 7),
  json(6000, 1),
  "",
  json(6000, 1),
  new Uint8Array(3000),
  noise(700, 9),
  noise(700, 9)
]

const bits = (name: string): ReadonlyArray<string> => [
  "",
  ...[9, 15].map((value) => `; ${name}_max_window_bits=${value}`)
]

const takeovers = ["", "server", "client", "server client"].map((sides) =>
  sides.replaceAll(/\w+/g, "; $&_no_context_takeover").replaceAll(" ", "")
)

const withParameters = (prefix: string, role: Role, clientBits: ReadonlyArray<string>): ReadonlyArray<Case> =>
  group(
    prefix,
    "RFC 7692 §7.1",
    takeovers.flatMap((takeover) =>
      bits("server").flatMap((server) =>
        clientBits.map((client) => ({
          name: `permessage-deflate${takeover}${server}${client}`,
          roles: [role],
          deflate: `${takeover}${server}${client}`,
          steps: talk.map((each, at) => message(each, at === 3 ? 100 : undefined)),
          expect: { messages: talk }
        }))
      )
    )
  )

/** What a client may offer, and what a server may answer to one that limits nothing. */
const parameters: ReadonlyArray<Case> = [
  ...withParameters("13.1", "server", ["; client_max_window_bits", ...bits("client")]),
  ...withParameters("13.2", "client", bits("client"))
]

export const deflate: ReadonlyArray<Case> = [...contentCases, ...blocks, ...faults, ...parameters]
