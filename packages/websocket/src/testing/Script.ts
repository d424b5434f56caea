/**
 * What a scripted peer does, step by step, on its end of a connection.
 *
 * `run` gives back the first step that could not be done, with what was received instead. What arrives beyond what a step
 * expects is left to the next one.
 */
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Duplex } from "../Transport.js"
import type { TransportError } from "../WebSocketError.js"

/** One step. Made by the functions below. */
export type Step =
  | { readonly _tag: "Send"; readonly octets: Uint8Array }
  | { readonly _tag: "Expect"; readonly what: string; readonly take: (received: Uint8Array) => number }
  | { readonly _tag: "Wait"; readonly duration: Duration.DurationInput }
  | { readonly _tag: "End" }
  | { readonly _tag: "ExpectEnd" }
  | { readonly _tag: "Reset" }

/** One octet per character, for heads of HTTP: characters above U+00FF are not allowed. */
const latin1 = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0))

const asOctets = (octets: Uint8Array | string): Uint8Array => (typeof octets === "string" ? latin1(octets) : octets)

/** Sends octets; of a string each character is one octet (ISO 8859-1). Does not wait for them to be read. */
export const send = (octets: Uint8Array | string): Step => ({ _tag: "Send", octets: asOctets(octets) })

const indexAfter = (received: Uint8Array, mark: Uint8Array): number => {
  for (let start = 0; start + mark.length <= received.length; start++) {
    if (mark.every((octet, index) => received[start + index] === octet)) return start + mark.length
  }
  return -1
}

/**
 * Expects a number of octets; or octets up to and including a mark, such as `"\r\n\r\n"`; or what a function recognises: it is
 * asked with what has arrived whenever more has, and returns how many octets it takes, -1 for "more is needed", or throws.
 */
export const expect = (wanted: number | string | ((received: Uint8Array) => number)): Step => {
  if (typeof wanted === "function") return { _tag: "Expect", what: "what the function recognises", take: wanted }
  if (typeof wanted === "number") {
    return { _tag: "Expect", what: `${wanted} octets`, take: ({ length }) => (length >= wanted ? wanted : -1) }
  }
  const mark = latin1(wanted)
  return { _tag: "Expect", what: `octets until ${JSON.stringify(wanted)}`, take: (octets) => indexAfter(octets, mark) }
}

/** Expects exactly these octets next. */
export const expectOctets = (octets: Uint8Array | string): Step => {
  const wanted = asOctets(octets)
  const take = (received: Uint8Array) => {
    const wrong = wanted.findIndex((octet, index) => index < received.length && received[index] !== octet)
    if (wrong >= 0) throw new Error(`octet ${wrong} is ${received[wrong]} where ${wanted[wrong]} was expected`)
    return received.length >= wanted.length ? wanted.length : -1
  }
  return { _tag: "Expect", what: `the ${wanted.length} octets ${preview(wanted)}`, take }
}

/** Expects that the other side ends, and that nothing more comes before. */
export const expectEnd: Step = { _tag: "ExpectEnd" }

/** Lets time pass, by Effect's Clock. */
export const wait = (duration: Duration.DurationInput): Step => ({ _tag: "Wait", duration })

/** Half-close. */
export const end: Step = { _tag: "End" }

/** Hard close. */
export const reset: Step = { _tag: "Reset" }

/** A script could not go on. */
export class ScriptFailure extends Data.TaggedError("ScriptFailure")<{
  /** The step, counted from 1. */
  readonly step: number
  readonly description: string
}> {
  override get message(): string {
    return `scripted peer, step ${this.step}: ${this.description}`
  }
}

/** The first octets, as a person can read them. */
const preview = (octets: Uint8Array): string => {
  const shown = Array.from(octets.subarray(0, 64), (octet) => String.fromCharCode(octet)).join("")
  return `${JSON.stringify(shown)}${octets.length > 64 ? "…" : ""}`
}

/** What a script has received: all of it, and what no step has taken yet. */
export class Transcript {
  received: Uint8Array = new Uint8Array(0)
  taken = 0

  append(chunks: ReadonlyArray<Uint8Array>): void {
    this.received = Uint8Array.from([this.received, ...chunks].flatMap((chunk) => [...chunk]))
  }

  get rest(): Uint8Array {
    return this.received.subarray(this.taken)
  }
}

const expectation = (
  transcript: Transcript,
  duplex: Duplex,
  { take, what }: Step & { readonly _tag: "Expect" }
): Effect.Effect<void, string> =>
  Effect.suspend(() => {
    const taken = take(transcript.rest)
    if (taken >= 0) {
      transcript.taken += taken
      return Effect.void
    }
    return more(transcript, duplex).pipe(
      Effect.mapError((error) => `expected ${what}, but ${error.message}, after ${preview(transcript.rest)}`),
      Effect.zipRight(expectation(transcript, duplex, { _tag: "Expect", take, what }))
    )
  }).pipe(Effect.catchAllDefect((defect) => Effect.fail(`expected ${what}: ${String(defect)}`)))

const more = (transcript: Transcript, duplex: Duplex): Effect.Effect<void, TransportError> =>
  Effect.map(duplex.pull, (chunks) => transcript.append(chunks))

const expectationOfEnd = (transcript: Transcript, duplex: Duplex): Effect.Effect<void, string> =>
  Effect.suspend(() => {
    if (transcript.rest.length > 0) return Effect.fail(`expected the end, but received ${preview(transcript.rest)}`)
    return Effect.matchEffect(more(transcript, duplex), {
      onFailure: ({ message, reason }) =>
        reason._tag === "EndOfStream" ? Effect.void : Effect.fail(`expected the end, but ${message}`),
      onSuccess: () => expectationOfEnd(transcript, duplex)
    })
  })

const perform = (step: Step, transcript: Transcript, duplex: Duplex): Effect.Effect<void, string> => {
  switch (step._tag) {
    case "Send":
      return Effect.sync(() => duplex.unsafeWrite([step.octets]))
    case "Expect":
      return expectation(transcript, duplex, step)
    case "ExpectEnd":
      return expectationOfEnd(transcript, duplex)
    case "Wait":
      return Effect.sleep(step.duration)
    case "End":
      return duplex.end
    case "Reset":
      return duplex.abort
  }
}

/** Runs the steps on a Duplex, one after the other. */
export const run = (
  script: ReadonlyArray<Step>,
  duplex: Duplex,
  transcript: Transcript
): Effect.Effect<void, ScriptFailure> =>
  Effect.forEach(
    script,
    (step, index) =>
      Effect.mapError(
        perform(step, transcript, duplex),
        (description) => new ScriptFailure({ step: index + 1, description })
      ),
    { discard: true }
  )
