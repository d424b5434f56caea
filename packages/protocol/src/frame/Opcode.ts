/**
 * What a frame is for (RFC 6455 §5.2, §11.8): the low four bits of its first octet.
 *
 * Opcodes with the bit 0x8 are those of control frames (§5.5). The others of the sixteen are reserved: a peer that uses
 * one breaks the protocol.
 *
 * @example
 * ```ts
 * import * as Opcode from "@effect-websocket/protocol/frame/Opcode"
 *
 * Opcode.name(Opcode.Opcode.Ping) // "Ping"
 * Opcode.isControl(0x8) // true
 * ```
 *
 * @example
 * ```ts
 * import { isKnown } from "@effect-websocket/protocol/frame/Opcode"
 *
 * isKnown(0x3) // false: reserved
 * ```
 */
export const Opcode = {
  /** Another fragment of the message under way (§5.4). */
  Continuation: 0x0,
  /** The first, or only, fragment of a message that is UTF-8 (§5.6). */
  Text: 0x1,
  /** The first, or only, fragment of a message of any octets (§5.6). */
  Binary: 0x2,
  /** §5.5.1 */
  Close: 0x8,
  /** §5.5.2 */
  Ping: 0x9,
  /** §5.5.3 */
  Pong: 0xa
} as const

export type Opcode = (typeof Opcode)[keyof typeof Opcode]

/** One bit for each opcode that RFC 6455 defines. */
const known = 0b111_0000_0111

/** §5.5: control frames have the highest bit of the opcode. */
export const isControl = (opcode: number): boolean => (opcode & 0x8) !== 0

/** Whether RFC 6455 defines the opcode, a number from 0 to 15. */
export const isKnown = (opcode: number): opcode is Opcode => ((known >> opcode) & 1) === 1

const names: ReadonlyMap<number, string> = new Map(Object.entries(Opcode).map(([name, opcode]) => [opcode, name]))

/** The name in `Opcode`, or the number for one that is reserved. */
export const name = (opcode: number): string => names.get(opcode) ?? `0x${opcode.toString(16)}`
