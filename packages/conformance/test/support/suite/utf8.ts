/** Group 6: text is UTF-8, and fails at the first octet that is not (RFC 6455 §8.1). */
import { type Case, fails, fragments, group, Opcode, part, text, type Written } from "./Case.js"

const section = "RFC 6455 §8.1"

const hex = (digits: string): Buffer => Buffer.from(digits.replaceAll(" ", ""), "hex")

/** Unicode, table 3-7: octets that may follow the first one of a sequence; the second has a range of its own. */
const sequences: ReadonlyArray<readonly [from: number, to: number, low: number, high: number, count: number]> = [
  [0x00, 0x7f, 0, 0, 0],
  [0xc2, 0xdf, 0x80, 0xbf, 1],
  [0xe0, 0xe0, 0xa0, 0xbf, 2],
  [0xe1, 0xec, 0x80, 0xbf, 2],
  [0xed, 0xed, 0x80, 0x9f, 2],
  [0xee, 0xef, 0x80, 0xbf, 2],
  [0xf0, 0xf0, 0x90, 0xbf, 3],
  [0xf1, 0xf3, 0x80, 0xbf, 3],
  [0xf4, 0xf4, 0x80, 0x8f, 3]
]

/** The index of the first octet that no UTF-8 has at its place; the length where more octets could make it UTF-8. */
const firstBad = (octets: Uint8Array): number => {
  for (let at = 0; at < octets.length; ) {
    const found = sequences.find(([from, to]) => octets[at]! >= from && octets[at]! <= to)
    if (found === undefined) return at
    const [, , low, high, count] = found
    for (let index = 1; index <= count; index++) {
      const [least, most] = index === 1 ? [low, high] : [0x80, 0xbf]
      const octet = octets[at + index]
      if (octet !== undefined && (octet < least || octet > most)) return at + index
    }
    at += count + 1
  }
  return octets.length
}

/** `kosme` in Greek letters. */
const kosme = "cebae1bdb9cf83cebcceb5"

const valid: Readonly<Record<string, string>> = {
  "Greek letters": kosme,
  "letters of all lengths": "48 c3a9 e282ac f09f9880",
  "the first of one octet": "00",
  "the last of one octet": "7f",
  "the first of two octets": "c280",
  "the last of two octets": "dfbf",
  "the first of three octets": "e0a080",
  "the last of three octets": "efbfbf",
  "the first of four octets": "f0908080",
  "the last of all": "f48fbfbf",
  "the last before the surrogates": "ed9fbf",
  "the first behind the surrogates": "ee8080",
  "the replacement character": "efbfbd",
  "a byte order mark": "efbbbf48",
  noncharacters: "efb790efb7afefbfbeefbfbff09fbfbef09fbfbff48fbfbe",
  "control characters": "00010203080a0d1b7fc280c29f",
  specials: "efbfb9efbfbaefbfbbefbfbc"
}

/** Name, octets before, and octets of which one is wrong, in this order. */
const invalid: Readonly<Record<string, string>> = {
  "a surrogate behind Greek letters": `${kosme}eda080656469746564`,
  "the first surrogate": "eda080",
  "the last high surrogate": "edafbf",
  "the first low surrogate": "edb080",
  "the last surrogate": "edbfbf",
  "a pair of surrogates": "eda080edb080",
  "another pair of surrogates": "edafbfedbfbf",
  "beyond the last of all": "f4908080",
  "five octets, the first": "f888808080",
  "five octets, the last": "fbbfbfbfbf",
  "six octets, the first": "fc8480808080",
  "six octets, the last": "fdbfbfbfbfbf",
  "a continuation alone": "80",
  "the last continuation alone": "bf",
  "two continuations": "80bf",
  "seven continuations": "80bf80bf80bf80",
  "a continuation behind a letter": "48 80",
  "the octet fe": "fe",
  "the octet ff": "ff",
  fefeffff: "fefeffff",
  "a start of two octets, and a space": "c220",
  "a start of three octets, and a space": "e020",
  "a start of four octets, and a space": "f020",
  "a start of five octets, and a space": "f820",
  "a start of six octets, and a space": "fc20",
  "two of three octets, and a letter": "e28248",
  "three of four octets, and a letter": "f09f9848",
  "two sequences, the first without its end": "c3c3a9",
  "an overlong slash of two octets": "c0af",
  "an overlong slash of three octets": "e080af",
  "an overlong slash of four octets": "f08080af",
  "the longest overlong of two octets": "c1bf",
  "the longest overlong of three octets": "e09fbf",
  "the longest overlong of four octets": "f08fbfbf",
  "an overlong NUL of two octets": "c080",
  "an overlong NUL of three octets": "e08080",
  "an overlong NUL of four octets": "f0808080",
  "a letter of Latin-1": "48e96c6c6f",
  "UTF-16 of a letter": "fffe4800"
}

const octetwise = (octets: Uint8Array): ReadonlyArray<Written> =>
  fragments(Opcode.text, ...Array.from(octets, (octet) => Uint8Array.of(octet)))

const legal: ReadonlyArray<Case> = Object.entries(valid).flatMap(([name, digits], index) => {
  const octets = hex(digits)
  const expect = { messages: [octets.toString("utf8")] }
  return group(`6.1.${index + 1}`, section, [
    { name, steps: [text(octets)], expect },
    { name: `${name}, in fragments of an octet`, steps: octetwise(octets), expect }
  ])
})

const broken: ReadonlyArray<Case> = Object.entries(invalid).flatMap(([name, digits], index) => {
  const octets = hex(digits)
  const bad = firstBad(octets)
  return group(`6.2.${index + 1}`, section, [
    { name, steps: [text(octets)], expect: fails(1007) },
    { name: `${name}, in fragments of an octet`, steps: octetwise(octets), expect: fails(1007) },
    {
      name: `${name}: fails in the frame, at the octet ${bad}`,
      steps: [
        (...tester) => long(octets)(...tester).subarray(0, behind(tester[0], bad)),
        "failed",
        (...tester) => long(octets)(...tester).subarray(behind(tester[0], bad))
      ],
      expect: fails(1007)
    },
    {
      name: `${name}: fails before the last fragment`,
      steps: [part(Opcode.text, octets.subarray(0, bad + 1)), "failed"],
      expect: fails(1007)
    }
  ])
})

/** A text that goes on behind these octets. */
const long = (octets: Uint8Array): Written => text(Buffer.concat([octets, Buffer.alloc(200, "x")]))

/** Where the octet behind `bad` stands in a frame of more than 125 octets. */
const behind = (role: "client" | "server", bad: number): number => (role === "client" ? 8 : 4) + bad + 1

const all = hex(kosme)

const prefixes: ReadonlyArray<Case> = group(
  "6.3",
  section,
  Array.from({ length: all.length + 1 }, (_, length) => {
    const octets = all.subarray(0, length)
    const isWhole = Buffer.from(octets.toString("utf8")).equals(octets)
    return {
      name: `${length} octets of Greek letters: ${isWhole ? "whole" : "the last one is cut"}`,
      steps: [text(octets)],
      expect: isWhole ? { messages: [octets.toString("utf8")] } : fails(1007)
    }
  })
)

const cuts: ReadonlyArray<Case> = group("6.4", section, [
  ...Array.from({ length: all.length - 1 }, (_, at) => ({
    name: `Greek letters in two fragments, cut at ${at + 1}`,
    steps: fragments(Opcode.text, all.subarray(0, at + 1), all.subarray(at + 1)),
    expect: { messages: [all.toString("utf8")] }
  })),
  {
    name: "a letter that is cut by the end of the message, and goes on in the next one",
    steps: [text(hex("48c3")), text(hex("a948"))],
    expect: fails(1007)
  },
  {
    name: "a letter that is cut by the end of a fragmented message",
    steps: fragments(Opcode.text, hex("48"), hex("e282")),
    expect: fails(1007)
  },
  {
    name: "a text that is no UTF-8 behind one that is",
    steps: [text("first"), text(hex("ff"))],
    expect: fails(1007, ["first"])
  },
  {
    name: "binary octets that are no UTF-8",
    steps: fragments(Opcode.binary, hex("ff"), hex("c3")),
    expect: { messages: [new Uint8Array([0xff, 0xc3])] }
  }
])

const starts: ReadonlyArray<Case> = group(
  "6.5",
  section,
  [0xc0, 0xc1, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe, 0xff].map((octet) => ({
    name: `the octet ${octet.toString(16)}, which begins nothing`,
    steps: [part(Opcode.text, Uint8Array.of(octet)), "failed" as const],
    expect: fails(1007)
  }))
)

export const utf8 = [...legal, ...broken, ...prefixes, ...cuts, ...starts]
