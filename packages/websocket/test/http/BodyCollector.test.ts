import { describe, expect, it } from "@effect/vitest"
import type { BodyFraming } from "@effect-websocket/protocol/http/BodyFraming"
import * as fc from "fast-check"
import { BodyCollector } from "../../src/http/BodyCollector.js"
import { octets, text } from "../support/wire.js"

type End = "in order" | "broken" | undefined

const collect = (framing: BodyFraming, chunks: ReadonlyArray<string>, maxSize = 100, end?: End) => {
  const body = new BodyCollector(framing, maxSize)
  for (const chunk of chunks) if (!body.isOver) body.push([octets(chunk)])
  if (end !== undefined && !body.isOver) body.end(end === "in order")
  const { fault, leftover, octets: kept } = body.read
  return { body: text(kept), fault, leftover: text(leftover), isOver: body.isOver }
}

const length = (count: number): BodyFraming => ({ _tag: "Length", length: count })
const chunked: BodyFraming = { _tag: "Chunked" }
const untilEnd: BodyFraming = { _tag: "UntilEnd" }

describe("RFC 9112 §6.3: the length of a body", () => {
  for (const [name, framing, chunks, end, expected] of [
    ["no body", { _tag: "None" }, ["rest"], undefined, { body: "", fault: undefined, leftover: "", isOver: true }],
    ["no octets", length(0), [], undefined, { body: "", fault: undefined, leftover: "", isOver: true }],
    [
      "a length",
      length(5),
      ["he", "llorest"],
      undefined,
      { body: "hello", fault: undefined, leftover: "rest", isOver: true }
    ],
    [
      "a length, not yet there",
      length(5),
      ["he"],
      undefined,
      { body: "he", fault: "Unfinished", leftover: "", isOver: false }
    ],
    ["a length, cut short", length(5), ["he"], "in order", { body: "he", fault: "Broken", leftover: "", isOver: true }],
    [
      "chunked",
      chunked,
      ["2\r\nhe\r\n3\r\nl", "lo\r\n0\r\n\r\nrest"],
      undefined,
      { body: "hello", fault: undefined, leftover: "rest", isOver: true }
    ],
    [
      "chunked, cut short",
      chunked,
      ["2\r\nhe\r\n"],
      "in order",
      { body: "he", fault: "Broken", leftover: "", isOver: true }
    ],
    [
      "chunked, broken",
      chunked,
      ["2\r\nhe\r\nx\r\n"],
      undefined,
      { body: "he", fault: "Broken", leftover: "", isOver: true }
    ],
    [
      "until the end",
      untilEnd,
      ["he", "llo"],
      "in order",
      { body: "hello", fault: undefined, leftover: "", isOver: true }
    ],
    [
      "until the end, which was none",
      untilEnd,
      ["he"],
      "broken",
      { body: "he", fault: "Broken", leftover: "", isOver: true }
    ]
  ] as const) {
    it(name, () => expect(collect(framing, chunks, 100, end)).toEqual(expected))
  }

  it("octets behind a body that is over already are its leftover", () => {
    const body = new BodyCollector({ _tag: "None" }, 10)
    body.push([octets("re"), octets("st")])
    expect(text(body.read.leftover)).toBe("rest")
  })

  it("several chunks at once: those behind the end are the leftover", () => {
    const body = new BodyCollector(length(3), 10)
    body.push([octets("ab"), octets("cre"), octets("st")])
    expect([text(body.read.octets), text(body.read.leftover)]).toEqual(["abc", "rest"])
  })

  for (const [name, framing, sent] of [
    ["a length", length(12), "x".repeat(12)],
    ["chunked", chunked, "c\r\nxxxxxxxxxxxx\r\n0\r\n\r\n"],
    ["until the end", untilEnd, "x".repeat(12)]
  ] as const) {
    it(`keeps no more than the limit of ${name}, however it is cut`, () => {
      fc.assert(
        fc.property(fc.array(fc.nat(sent.length)), fc.nat(11), (places, maxSize) => {
          const cuts = [0, ...places.sort((a, b) => a - b), sent.length]
          const chunks = cuts.slice(1).map((place, index) => sent.slice(cuts[index], place))
          const { body, fault } = collect(framing, chunks, maxSize, "in order")
          expect(body).toBe("x".repeat(maxSize))
          expect(fault).toBe("TooLong")
        })
      )
    })
  }

  it("a body of exactly the limit is whole", () => {
    expect(collect(length(5), ["hello"], 5)).toMatchObject({ body: "hello", fault: undefined })
    expect(collect(untilEnd, ["hello"], 5, "in order")).toMatchObject({ body: "hello", fault: undefined })
  })

  it("keeps copies: the chunks are only lent", () => {
    const body = new BodyCollector(length(2), 5)
    const chunk = octets("abc")
    body.push([chunk])
    chunk.fill(0)
    expect([text(body.read.octets), text(body.read.leftover)]).toEqual(["ab", "c"])
  })
})
