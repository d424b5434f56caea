/**
 * A case of the suite: what a tester writes, and what a strict endpoint of either role makes of it.
 *
 * The tester plays the other role, so octets are made for a role when the case is played. They are made without any code of the
 * library.
 */
import type { RawDeflater } from "../rawDeflate.js"
import { fin, frame } from "../wire.js"

export type Role = "client" | "server"

/** Octets of a tester of this role; one compressor goes through all of a connection's. */
export type Written = (role: Role, deflater: RawDeflater) => Buffer

/** Octets that arrive by themselves, or the moment at which an endpoint must have failed the connection. */
export type Step = Written | "failed"

/** What is to be seen. */
export interface Expected {
  /** The messages, which are delivered and come back. */
  readonly messages?: ReadonlyArray<string | Uint8Array>
  /** The payloads of the Pongs, in order. */
  readonly pongs?: ReadonlyArray<string>
  /** The code of the Close frame. 1000. */
  readonly close?: number
}

export interface Case {
  /** The first number is the group, as in the suite of Autobahn. */
  readonly id: string
  readonly section: string
  readonly name: string
  readonly steps: ReadonlyArray<Step>
  readonly expect: Expected
  /** The steps contain a Close frame: the tester sends none itself. */
  readonly closes: boolean
  /** permessage-deflate as the tester asks for it, or answers: its parameters, from `; ` on. */
  readonly deflate?: string
  /** The roles of the endpoint for which it makes sense. Both. */
  readonly roles?: ReadonlyArray<Role>
}

export const Opcode = { more: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

const octetsOf = (payload: string | Uint8Array): Uint8Array =>
  typeof payload === "string" ? Buffer.from(payload) : payload

/** A frame that ends a message, or a control frame. */
export const whole =
  (opcode: number, payload: string | Uint8Array = ""): Written =>
  (role) =>
    frame(fin | opcode, octetsOf(payload), role)

/** A frame without FIN. */
export const part =
  (opcode: number, payload: string | Uint8Array = ""): Written =>
  (role) =>
    frame(opcode, octetsOf(payload), role)

/** A frame with RSV bits, 1 to 7. */
export const reserved =
  (rsv: number, opcode: number, payload: string | Uint8Array = ""): Written =>
  (role) =>
    frame(fin | (rsv << 4) | opcode, octetsOf(payload), role)

export const text = (payload: string | Uint8Array): Written => whole(Opcode.text, payload)

export const binary = (payload: Uint8Array): Written => whole(Opcode.binary, payload)

export const ping = (payload: string | Uint8Array = ""): Written => whole(Opcode.ping, payload)

export const close = (code?: number, reason: string | Uint8Array = ""): Written =>
  whole(Opcode.close, code === undefined ? "" : Buffer.concat([Buffer.of(code >> 8, code & 255), octetsOf(reason)]))

/** A message in fragments of these payloads. */
export const fragments = (opcode: number, ...payloads: ReadonlyArray<string | Uint8Array>): ReadonlyArray<Written> =>
  payloads.map((payload, index) =>
    (index === payloads.length - 1 ? whole : part)(index === 0 ? opcode : Opcode.more, payload)
  )

/** A message in fragments of this size. */
export const inFragments = (opcode: number, payload: Uint8Array, size: number): ReadonlyArray<Written> => {
  const count = Math.ceil(payload.length / size)
  return fragments(
    opcode,
    ...Array.from({ length: count }, (_, index) => payload.subarray(index * size, (index + 1) * size))
  )
}

/** All of it at once. */
export const together =
  (...parts: ReadonlyArray<Written>): Written =>
  (role, deflater) =>
    Buffer.concat(parts.map((each) => each(role, deflater)))

/** Octets as they are, for a tester of either role. */
export const raw =
  (digits: string): Written =>
  () =>
    Buffer.from(digits.replaceAll(" ", ""), "hex")

/** Several cases that share a section. */
export const group = (
  prefix: string,
  section: string,
  cases: ReadonlyArray<Omit<Case, "id" | "section" | "closes"> & { readonly closes?: boolean }>
): ReadonlyArray<Case> =>
  cases.map((each, index) => ({ closes: false, ...each, id: `${prefix}.${index + 1}`, section }))

const made = new Map<number, Uint8Array>()

/** Octets in which a wrong order shows. */
export const octets = (length: number): Uint8Array => {
  const before = made.get(length)
  if (before !== undefined) return before
  const all = new Uint8Array(length)
  for (let index = 0; index < length; index++) all[index] = index * 7 + (index >> 8)
  made.set(length, all)
  return all
}

/** The connection fails with this code, and nothing is delivered but what came before. */
export const fails = (close: number, messages: Expected["messages"] = []): Expected => ({ close, messages })
