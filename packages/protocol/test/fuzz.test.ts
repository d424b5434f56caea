import { describe, expect, it } from "vitest"
import * as Corpus from "../fuzz/Corpus.js"
import { Fuzzer } from "../fuzz/Fuzzer.js"
import { instrument } from "../fuzz/instrument.js"
import { Random } from "../fuzz/Random.js"
import { octetsOf, type Target, textOf } from "../fuzz/Target.js"
import { targets } from "../fuzz/targets.js"

const corpus = new URL("../fuzz/corpus/", import.meta.url)

describe("HARDENING: fuzzing, the inputs that earlier runs have found", () => {
  it.each(targets.map((target) => [target.name, target] as const))("keep the laws of %s", (_, target) => {
    const inputs = Corpus.load(corpus, target.name)
    expect(inputs.length).toBeGreaterThan(3)
    for (const octets of inputs) target.check(octets)
  })

  it("every target has a language, and a name of its own", () => {
    expect(new Set(targets.map(({ name }) => name)).size).toBe(targets.length)
    expect(targets.filter(({ words }) => words.length === 0)).toEqual([])
  })
})

describe("the fuzzer", () => {
  /** Fails on "HELP", and takes one branch more for each letter that is right. */
  const secret = (branches: Uint8Array): Target => ({
    name: "secret",
    words: [],
    check: (octets) => {
      const text = textOf(octets)
      for (let right = 0; right < 4; right++) {
        if (text[right] !== "HELP"[right]) return
        branches[right]!++
      }
      throw new Error("found")
    }
  })

  const search = (known: Uint8Array, steps: number) => {
    const fuzzer = new Fuzzer(secret(known), known, new Random(1))
    for (let step = 0; step < steps; step++) {
      const finding = fuzzer.step()
      if (finding !== undefined) return { fuzzer, finding }
    }
    return { fuzzer, finding: undefined }
  }

  it("is led by the branches to what chance would not find: one of 2^32 inputs in some thousand runs", () => {
    const { finding, fuzzer } = search(new Uint8Array(4), 100_000)
    expect(textOf(finding!.octets.subarray(0, 4))).toBe("HELP")
    expect(finding!.error).toEqual(new Error("found"))
    expect(fuzzer.reached).toBe(3)
    expect(fuzzer.minimal().length).toBeLessThanOrEqual(fuzzer.corpus.length)
  })

  it("the same seed gives the same inputs", () => {
    expect(search(new Uint8Array(4), 2000).fuzzer.corpus).toEqual(search(new Uint8Array(4), 2000).fuzzer.corpus)
  })

  it("keeps an input that takes a branch more often than any before it", () => {
    const branches = new Uint8Array(1)
    const target: Target = { name: "times", words: [], check: ({ length }) => void branches.fill(length) }
    const fuzzer = new Fuzzer(target, branches, new Random(1))
    for (const length of [1, 1, 2, 4, 7, 9]) fuzzer.try(new Uint8Array(length))
    expect(fuzzer.corpus.map(({ length }) => length)).toEqual([1, 2, 4, 9])
  })
})

describe("instrumented sources", () => {
  const source = `
    const classify = (n: number, log: string[] = []): string => {
      for (let i = 0; i < n; i++) log.push("x")
      if (n > 2) log.push("many")
      switch (n) {
        case 1: return "one"
        default: return n === 0 ? "none" : log[0] ?? "?"
      }
    }
    classify
  `

  it("do what they did, and count each branch they take", () => {
    const { branches, code } = instrument(source, 10)
    const counts = new Uint8Array(10 + branches)
    const classify = new Function("branches", `${code.replace(/\bclassify;\s*$/, "return classify")}`)(counts)
    expect([classify(0), classify(1), classify(3)]).toEqual(["none", "one", "x"])
    // The body, the loop, the two ways of `if`, two cases, two ways of `?:`, and what is behind `??`.
    expect(branches).toBe(9)
    expect(counts.subarray(0, 10).every((count) => count === 0)).toBe(true)
    expect([...counts.subarray(10)].sort()).toEqual([0, 1, 1, 1, 1, 2, 2, 3, 4].sort())
  })

  it("are left alone when nothing is to be counted", () => {
    expect(instrument(source, undefined).code).not.toContain("branches")
    expect(octetsOf("é")).toEqual(Uint8Array.of(0xe9))
  })
})
