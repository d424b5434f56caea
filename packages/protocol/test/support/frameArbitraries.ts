/** Random sequences of frames: legal ones, and ones with some field of a header changed. */
import * as fc from "fast-check"
import type { Role } from "../../src/bytes/Role.js"
import { concat, utf8 } from "./frames.js"

/** A frame as it goes over the wire, legal or not. */
export interface RawFrame {
  readonly fin: boolean
  readonly rsv: number
  readonly opcode: number
  readonly masked: boolean
  readonly key: number
  readonly form: "shortest" | "16" | "64" | "top bit"
  readonly payload: Uint8Array
}

const lengthOctets = (form: RawFrame["form"], length: number, mask: number): ReadonlyArray<number> => {
  if (form === "16" || (form === "shortest" && length > 125 && length < 65536)) {
    return [mask | 126, (length >>> 8) & 255, length & 255]
  }
  if (form === "shortest" && length < 126) return [mask | length]
  const octets = [mask | 127, 0, 0, 0, 0, length >>> 24, (length >>> 16) & 255, (length >>> 8) & 255, length & 255]
  if (form === "top bit") octets[1] = 0x80
  return octets
}

export const wire = (frame: RawFrame): Uint8Array => {
  const key = [24, 16, 8, 0].map((shift) => (frame.key >>> shift) & 255)
  const first = (frame.fin ? 128 : 0) + frame.rsv * 16 + frame.opcode
  const length = lengthOctets(frame.form, frame.payload.length, frame.masked ? 128 : 0)
  const payload = frame.masked ? frame.payload.map((octet, i) => octet ^ key[i % 4]) : frame.payload
  return concat(Uint8Array.from([first, ...length, ...(frame.masked ? key : [])]), payload)
}

export const wireOf = (frames: ReadonlyArray<RawFrame>): Uint8Array => concat(...frames.map(wire))

const key = fc.integer({ min: 0, max: 0xffffffff })

const controlFrame = (role: Role): fc.Arbitrary<RawFrame> =>
  fc.record({
    fin: fc.constant(true),
    rsv: fc.constant(0),
    opcode: fc.constantFrom(0x9, 0xa),
    masked: fc.constant(role === "server"),
    key,
    form: fc.constant("shortest" as const),
    payload: fc.uint8Array({ maxLength: 125 })
  })

const textPayload = fc.fullUnicodeString({ maxLength: 90 }).map(utf8)

const binaryPayload = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.uint8Array({ minLength: 100, maxLength: 200 }),
  fc.constant(new Uint8Array(65536).fill(7))
)

/** A message in fragments, with control frames between them. */
const message = (role: Role): fc.Arbitrary<ReadonlyArray<RawFrame>> =>
  fc
    .record({
      isText: fc.boolean(),
      text: textPayload,
      binary: binaryPayload,
      cuts: fc.array(fc.nat(), { maxLength: 3 }),
      keys: fc.array(key, { minLength: 4, maxLength: 4 }),
      between: fc.array(fc.option(controlFrame(role), { freq: 3, nil: undefined }), { minLength: 4, maxLength: 4 })
    })
    .map(({ between, binary, cuts, isText, keys, text }) => {
      const payload = isText ? text : binary
      const ends = [...cuts.map((cut) => cut % (payload.length + 1)).sort((a, b) => a - b), payload.length]
      return ends.flatMap((end, i) => {
        const frame: RawFrame = {
          fin: i === ends.length - 1,
          rsv: 0,
          opcode: i > 0 ? 0 : isText ? 1 : 2,
          masked: role === "server",
          key: keys[i],
          form: "shortest",
          payload: payload.subarray(i === 0 ? 0 : ends[i - 1], end)
        }
        const control = between[i]
        return control === undefined ? [frame] : [control, frame]
      })
    })

const closeFrame = (role: Role): fc.Arbitrary<ReadonlyArray<RawFrame>> =>
  controlFrame(role).map((frame) => [{ ...frame, opcode: 0x8, payload: Uint8Array.of(3, 232) }])

/** What a peer may legally send to us in that role. */
export const legalFrames = (role: Role): fc.Arbitrary<ReadonlyArray<RawFrame>> =>
  fc
    .tuple(fc.array(message(role), { maxLength: 5 }), fc.option(closeFrame(role), { nil: [] }))
    .map(([messages, close]) => [...messages.flat(), ...close])

const change: fc.Arbitrary<Partial<RawFrame>> = fc.oneof(
  fc.record({ fin: fc.boolean() }),
  fc.record({ rsv: fc.nat(7) }),
  fc.record({ opcode: fc.nat(15) }),
  fc.record({ masked: fc.boolean() }),
  fc.record({ form: fc.constantFrom("16" as const, "64" as const, "top bit" as const) }),
  fc.record({ payload: fc.uint8Array({ maxLength: 130 }) })
)

/** The same with one to three fields of headers, or payloads, changed. */
export const mutated = (legal: fc.Arbitrary<ReadonlyArray<RawFrame>>): fc.Arbitrary<ReadonlyArray<RawFrame>> =>
  fc
    .tuple(legal, fc.array(fc.tuple(fc.nat(), change), { minLength: 1, maxLength: 3 }))
    .map(([frames, changes]) =>
      changes.reduce<ReadonlyArray<RawFrame>>(
        (all, [at, fields]) => all.map((frame, i) => (i === at % all.length ? { ...frame, ...fields } : frame)),
        frames
      )
    )

/** What a peer may not send to us in that role, as a rule. */
export const mutatedFrames = (role: Role): fc.Arbitrary<ReadonlyArray<RawFrame>> => mutated(legalFrames(role))
