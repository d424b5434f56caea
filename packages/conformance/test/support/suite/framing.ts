/** Groups 1 to 4 and 8: messages, Pings and Pongs, reserved bits and opcodes, masking and lengths. */
import { fin, frame } from "../wire.js"
import {
  binary,
  type Case,
  close,
  fails,
  fragments,
  group,
  Opcode,
  octets,
  part,
  ping,
  raw,
  reserved,
  text,
  together,
  type Written,
  whole
} from "./Case.js"

const lengths = [0, 1, 125, 126, 127, 128, 65_535, 65_536]

/** The octets of a frame in pieces of this size. */
const chopped = (written: Written, size: number, length: number): ReadonlyArray<Written> =>
  Array.from(
    { length: Math.ceil(length / size) },
    (_, at) =>
      (...tester) =>
        written(...tester).subarray(at * size, (at + 1) * size)
  )

const messages: ReadonlyArray<Case> = [
  ...group(
    "1.1",
    "RFC 6455 §5.6",
    lengths.map((length) => ({
      name: `a text of ${length} octets`,
      steps: [text("*".repeat(length))],
      expect: { messages: ["*".repeat(length)] }
    }))
  ),
  ...group(
    "1.2",
    "RFC 6455 §5.6",
    lengths.map((length) => ({
      name: `${length} binary octets`,
      steps: [binary(octets(length))],
      expect: { messages: [octets(length)] }
    }))
  ),
  ...group("1.3", "RFC 6455 §5.2", [
    {
      name: "a text of 65 536 octets, in writes of 997",
      steps: chopped(text("*".repeat(65_536)), 997, 65_550),
      expect: { messages: ["*".repeat(65_536)] }
    },
    {
      name: "65 536 binary octets, in writes of 997",
      steps: chopped(binary(octets(65_536)), 997, 65_550),
      expect: { messages: [octets(65_536)] }
    },
    {
      name: "messages of all lengths in one write",
      steps: [together(...lengths.map((length) => binary(octets(length))))],
      expect: { messages: lengths.map(octets) }
    }
  ])
]

const tenPings = Array.from({ length: 10 }, (_, index) => `payload ${index}`)

const pings: ReadonlyArray<Case> = [
  ...group("2.1", "RFC 6455 §5.5.2", [
    { name: "a Ping without payload", steps: [ping()], expect: { pongs: [""] } },
    { name: "a Ping with text", steps: [ping("Hello")], expect: { pongs: ["Hello"] } },
    {
      name: "a Ping with octets that are not UTF-8",
      steps: [ping(Buffer.of(0, 255, 254, 253))],
      expect: { pongs: ["00fffefd"] }
    },
    { name: "a Ping of 125 octets", steps: [ping("p".repeat(125))], expect: { pongs: ["p".repeat(125)] } },
    { name: "ten Pings in ten writes", steps: tenPings.map(ping), expect: { pongs: tenPings } },
    { name: "ten Pings in one write", steps: [together(...tenPings.map(ping))], expect: { pongs: tenPings } },
    {
      name: "Pings and texts in turns",
      steps: [ping("1"), text("a"), ping("2"), text("b"), ping("3")],
      expect: { pongs: ["1", "2", "3"], messages: ["a", "b"] }
    }
  ]),
  ...group("2.2", "RFC 6455 §5.5", [
    { name: "a Ping of 126 octets", steps: [ping("p".repeat(126))], expect: fails(1002) },
    { name: "a Pong of 126 octets", steps: [whole(Opcode.pong, "p".repeat(126))], expect: fails(1002) },
    { name: "a Ping of 65 536 octets", steps: [ping("p".repeat(65_536))], expect: fails(1002) },
    {
      name: "a Ping that announces 126 octets fails before they come",
      steps: [(...tester) => ping("p".repeat(126))(...tester).subarray(0, 2), "failed"],
      expect: fails(1002)
    }
  ]),
  ...group("2.3", "RFC 6455 §5.5.3", [
    { name: "a Pong that nobody asked for", steps: [whole(Opcode.pong)], expect: {} },
    { name: "the same with a payload", steps: [whole(Opcode.pong, "Hello")], expect: {} },
    {
      name: "a Pong that nobody asked for, then a Ping",
      steps: [whole(Opcode.pong, "no"), ping("yes")],
      expect: { pongs: ["yes"] }
    }
  ])
]

const kinds: ReadonlyArray<readonly [name: string, opcode: number]> = [
  ["text", Opcode.text],
  ["binary", Opcode.binary],
  ["Ping", Opcode.ping],
  ["Pong", Opcode.pong],
  ["Close", Opcode.close]
]

const payloadOf = (opcode: number) => (opcode === Opcode.close ? Buffer.of(0x03, 0xe8) : "Hello")

const reservedBits: ReadonlyArray<Case> = kinds.flatMap(([kind, opcode], at) => [
  ...group(
    `3.${at + 1}`,
    "RFC 6455 §5.2",
    [1, 2, 3, 4, 5, 6, 7].map((rsv) => ({
      name: `${kind} with the reserved bits ${rsv.toString(2).padStart(3, "0")}`,
      steps: [reserved(rsv, opcode, payloadOf(opcode))],
      expect: fails(1002)
    }))
  ),
  ...group(`3.${at + 1}.behind`, "RFC 6455 §5.2", [
    {
      name: `a text, ${kind} with a reserved bit, and a Ping`,
      steps: [text("first"), reserved(4, opcode, payloadOf(opcode)), ping()],
      expect: fails(1002, ["first"])
    },
    {
      name: `the same in one write`,
      steps: [together(text("first"), reserved(2, opcode, payloadOf(opcode)), ping())],
      expect: fails(1002, ["first"])
    },
    {
      name: `the first octet of ${kind} with a reserved bit fails it`,
      steps: [(...tester) => reserved(1, opcode, "Hello")(...tester).subarray(0, 1), "failed"],
      expect: fails(1002)
    }
  ])
])

const noOpcodes = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]

const reservedOpcodes: ReadonlyArray<Case> = noOpcodes.flatMap((opcode) =>
  group(`4.${opcode}`, "RFC 6455 §5.2", [
    { name: `opcode ${opcode} without payload`, steps: [whole(opcode)], expect: fails(1002) },
    { name: `opcode ${opcode} with a payload`, steps: [whole(opcode, "Hello")], expect: fails(1002) },
    { name: `opcode ${opcode} without FIN`, steps: [part(opcode, "Hello")], expect: fails(1002) },
    {
      name: `a text, opcode ${opcode}, and a Ping`,
      steps: [text("first"), whole(opcode, "Hello"), ping()],
      expect: fails(1002, ["first"])
    },
    {
      name: "the same in one write",
      steps: [together(text("first"), whole(opcode, "Hello"), ping())],
      expect: fails(1002, ["first"])
    },
    {
      name: `opcode ${opcode} inside of a fragmented message`,
      steps: [part(Opcode.text, "fir"), whole(opcode), whole(Opcode.more, "st")],
      expect: fails(1002)
    }
  ])
)

const otherRole = (role: "client" | "server") => (role === "client" ? "server" : "client")

/** A frame that is masked as only the other side may. */
const wronglyMasked =
  (opcode: number, payload: string): Written =>
  (role) =>
    frame(fin | opcode, Buffer.from(payload), otherRole(role))

/** A frame whose length has this form. */
const sized =
  (opcode: number, form: 126 | 127, length: bigint, payload = ""): Written =>
  (role) => {
    const extended = Buffer.alloc(form === 126 ? 2 : 8)
    if (form === 126) extended.writeUInt16BE(Number(length))
    else extended.writeBigUInt64BE(length)
    const key = role === "client" ? Buffer.alloc(4) : Buffer.alloc(0)
    const marker = (role === "client" ? 0x80 : 0) | form
    return Buffer.concat([Buffer.of(fin | opcode, marker), extended, key, Buffer.from(payload)])
  }

const maskingAndLengths: ReadonlyArray<Case> = [
  ...group(
    "8.1",
    "RFC 6455 §5.1",
    kinds.flatMap(([kind, opcode]) => [
      {
        name: `${kind}, masked by a server or not by a client`,
        steps: [wronglyMasked(opcode, "Hello")],
        expect: fails(1002)
      },
      {
        name: `a text, then ${kind}, masked by a server or not by a client`,
        steps: [text("first"), wronglyMasked(opcode, "Hello")],
        expect: fails(1002, ["first"])
      }
    ])
  ),
  ...group("8.2", "RFC 6455 §5.2", [
    ...[0n, 1n, 5n, 125n].flatMap((length) =>
      ([126, 127] as const).map((form) => ({
        name: `${length} octets, with a length of ${form === 126 ? 16 : 64} bits`,
        steps: [sized(Opcode.text, form, length, "x".repeat(Number(length)))],
        expect: fails(1002)
      }))
    ),
    {
      name: "126 octets, with a length of 64 bits",
      steps: [sized(Opcode.text, 127, 126n, "x".repeat(126))],
      expect: fails(1002)
    },
    {
      name: "65 535 octets, with a length of 64 bits",
      steps: [sized(Opcode.binary, 127, 65_535n, "x".repeat(65_535))],
      expect: fails(1002)
    },
    {
      name: "a length with its top bit set",
      steps: [sized(Opcode.binary, 127, 1n << 63n), "failed"],
      expect: fails(1002)
    },
    {
      name: "a length of 64 bits, all set",
      steps: [sized(Opcode.binary, 127, (1n << 64n) - 1n), "failed"],
      expect: fails(1002)
    }
  ]),
  ...group("8.3", "RFC 6455 §7.1.7, §7.4.1", [
    ...[53n, 62n].map((bits) => ({
      name: `a length of 2^${bits} octets`,
      steps: [sized(Opcode.binary, 127, 1n << bits), "failed"] as const,
      expect: fails(1009)
    })),
    {
      name: "a length of 2^63 - 1 octets",
      steps: [sized(Opcode.text, 127, (1n << 63n) - 1n), "failed"],
      expect: fails(1009)
    },
    {
      name: "a frame of 16 MiB and an octet, before any of its payload",
      steps: [sized(Opcode.binary, 127, 16n * 1024n * 1024n + 1n), "failed"],
      expect: fails(1009)
    },
    {
      name: "fragments that become longer than 16 MiB, before the payload that does it",
      steps: [part(Opcode.binary, "12345678"), sized(Opcode.more, 127, 16n * 1024n * 1024n - 7n), "failed"],
      expect: fails(1009)
    },
    {
      name: "a text before a frame that is too long",
      steps: [together(text("first"), sized(Opcode.binary, 127, 1n << 40n))],
      expect: fails(1009, ["first"])
    },
    {
      name: "more than 65 536 empty fragments",
      steps: [together(part(Opcode.text), ...Array.from({ length: 65_536 }, () => part(Opcode.more))), "failed"],
      expect: fails(1009)
    }
  ]),
  ...group("8.4", "RFC 6455 §5.2", [
    {
      name: "octets that are HTTP, not frames",
      steps: [raw("474554202f20485454502f312e310d0a0d0a")],
      expect: fails(1002)
    },
    {
      name: "a fragmented text whose frames all have their own masking keys",
      steps: [...fragments(Opcode.text, "one", "two", "three"), close(1000)],
      expect: { messages: ["onetwothree"] },
      closes: true
    }
  ])
]

export const framing = [...messages, ...pings, ...reservedBits, ...reservedOpcodes, ...maskingAndLengths]
