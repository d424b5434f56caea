/** Group 5: fragments (RFC 6455 §5.4). */
import { type Case, fails, fragments, group, Opcode, octets, part, ping, text, together, whole } from "./Case.js"

const { binary: binaryOpcode, more, text: textOpcode } = Opcode

const section = "RFC 6455 §5.4"

const five = Array.from({ length: 5 }, (_, index) => `fragment ${index}, `)

/** What is written frame by frame, and in one write. */
const bothWays = (
  prefix: string,
  cases: ReadonlyArray<Pick<Case, "name" | "expect"> & { readonly steps: ReadonlyArray<ReturnType<typeof text>> }>
): ReadonlyArray<Case> =>
  group(
    prefix,
    section,
    cases.flatMap((each) => [each, { ...each, name: `${each.name}, in one write`, steps: [together(...each.steps)] }])
  )

const legal = bothWays("5.1", [
  { name: "a text in two fragments", steps: fragments(textOpcode, "one", "two"), expect: { messages: ["onetwo"] } },
  {
    name: "binary octets in three fragments",
    steps: fragments(binaryOpcode, octets(5), octets(200), octets(70_000)),
    expect: { messages: [new Uint8Array(Buffer.concat([octets(5), octets(200), octets(70_000)]))] }
  },
  {
    name: "a Ping between two fragments",
    steps: [part(textOpcode, "one"), ping("now"), whole(more, "two")],
    expect: { messages: ["onetwo"], pongs: ["now"] }
  },
  {
    name: "a Pong between two fragments",
    steps: [part(textOpcode, "one"), whole(Opcode.pong, "now"), whole(more, "two")],
    expect: { messages: ["onetwo"] }
  },
  {
    name: "five fragments with a Ping behind each",
    steps: fragments(textOpcode, ...five).flatMap((each, index) => [each, ping(`${index}`)]),
    expect: { messages: [five.join("")], pongs: ["0", "1", "2", "3", "4"] }
  },
  { name: "a text of empty fragments", steps: fragments(textOpcode, "", "", ""), expect: { messages: [""] } },
  {
    name: "empty fragments around one that is not",
    steps: fragments(textOpcode, "", "Hello", "", ""),
    expect: { messages: ["Hello"] }
  },
  {
    name: "fragmented messages behind each other",
    steps: [
      ...fragments(textOpcode, "one", "two"),
      ...fragments(binaryOpcode, octets(3), octets(4)),
      text("three"),
      ...fragments(textOpcode, "f", "our")
    ],
    expect: {
      messages: ["onetwo", new Uint8Array(Buffer.concat([octets(3), octets(4)])), "three", "four"]
    }
  },
  {
    name: "a text in fragments of an octet",
    steps: fragments(textOpcode, ..."Hello, world".split("")),
    expect: { messages: ["Hello, world"] }
  }
])

const nothingToContinue = bothWays("5.2", [
  { name: "a continuation with FIN, at the begin", steps: [whole(more, "no"), text("late")], expect: fails(1002) },
  { name: "a continuation without FIN, at the begin", steps: [part(more, "no"), text("late")], expect: fails(1002) },
  { name: "an empty continuation at the begin", steps: [whole(more)], expect: fails(1002) },
  {
    name: "a continuation with FIN behind a text",
    steps: [text("first"), whole(more, "no"), text("late")],
    expect: fails(1002, ["first"])
  },
  {
    name: "a continuation without FIN behind a fragmented text",
    steps: [...fragments(textOpcode, "fir", "st"), part(more, "no"), text("late")],
    expect: fails(1002, ["first"])
  },
  {
    name: "a continuation without FIN, then a text in two fragments, again and again",
    steps: [part(more, "no"), ...fragments(textOpcode, "one", "two"), part(more, "no")],
    expect: fails(1002)
  }
])

const insideOfAnother = bothWays(
  "5.3",
  [
    [textOpcode, textOpcode],
    [textOpcode, binaryOpcode],
    [binaryOpcode, textOpcode],
    [binaryOpcode, binaryOpcode]
  ].flatMap(([first = 1, second = 1]) => [
    {
      name: `a message of opcode ${second} inside of one of opcode ${first}`,
      steps: [part(first, "one"), whole(second, "two"), whole(more, "three")],
      expect: fails(1002)
    },
    {
      name: `the begin of a message of opcode ${second} inside of one of opcode ${first}`,
      steps: [part(first, "one"), part(second, "two")],
      expect: fails(1002)
    }
  ])
)

const controlFragments = bothWays(
  "5.4",
  [["Ping", Opcode.ping] as const, ["Pong", Opcode.pong] as const, ["Close", Opcode.close] as const].flatMap(
    ([name, opcode]) => [
      {
        name: `a ${name} without FIN, and its continuation`,
        steps: [part(opcode, "one"), whole(more, "two")],
        expect: fails(1002)
      },
      {
        name: `a ${name} without FIN inside of a fragmented text`,
        steps: [part(textOpcode, "one"), part(opcode), whole(more, "two")],
        expect: fails(1002)
      }
    ]
  )
)

export const fragmentation = [...legal, ...nothingToContinue, ...insideOfAnother, ...controlFragments]
