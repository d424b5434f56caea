/**
 * The slow, obvious decoder that the quick one is compared with. It sees all octets at once, copies everything, checks UTF-8
 * with the host's decoder, and shares no code with the sources.
 */
import type { Role } from "../../src/bytes/Role.js"
import type { MessageLimits } from "../../src/message/MessageAssembler.js"
import type { Event, Outcome } from "./frames.js"

class Violated {
  constructor(readonly tag: NonNullable<Outcome["violation"]>) {}
}

const demand = (holds: boolean, tag: NonNullable<Outcome["violation"]>): void => {
  if (!holds) throw new Violated(tag)
}

const strict = (octets: Buffer): string => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(octets)

/** Whether some octets behind them could make these UTF-8: all that a sequence can lack are three octets. */
export const isUtf8Beginning = (octets: Buffer): boolean =>
  [[], [0x80], [0xbf], [0x80, 0x80], [0xbf, 0x80], [0x80, 0x80, 0x80], [0xbf, 0x80, 0x80]].some((rest) => {
    try {
      strict(Buffer.concat([octets, Buffer.from(rest)]))
      return true
    } catch {
      return false
    }
  })

interface Parsed {
  readonly fin: boolean
  readonly rsv: number
  readonly opcode: number
  readonly length: bigint
  readonly key: Buffer
  readonly size: number
}

/** The header at the begin of `octets`, or undefined when octets of it are missing that are not needed to refuse it. */
const parse = (octets: Buffer, role: Role, reservedBits: number): Parsed | undefined => {
  if (octets.length === 0) return undefined
  const fin = octets[0] >= 128
  const rsv = Math.floor(octets[0] / 16) % 8
  const opcode = octets[0] % 16
  const claimed = opcode === 1 || opcode === 2 ? reservedBits : 0
  for (const bit of [1, 2, 4]) demand((rsv & bit) === 0 || (claimed & bit) !== 0, "BadReservedBits")
  demand([0, 1, 2, 8, 9, 10].includes(opcode), "BadOpcode")
  demand(opcode < 8 || fin, "BadControlFragment")
  if (octets.length === 1) return undefined
  const marker = octets[1] % 128
  const masked = octets[1] >= 128
  demand(opcode < 8 || marker <= 125, "BadControlSize")
  demand(masked || role === "client", "BadUnmaskedFrame")
  demand(!masked || role === "server", "BadMaskedFrame")
  const extended = marker === 127 ? 8 : marker === 126 ? 2 : 0
  if (octets.length < 2 + extended) return undefined
  const length = extended === 0 ? BigInt(marker) : BigInt(`0x${octets.subarray(2, 2 + extended).toString("hex")}`)
  demand(extended === 0 || length >= (extended === 2 ? 126n : 65536n), "BadSize")
  demand(length < 2n ** 63n, "BadSize")
  demand(length < 2n ** 53n, "FrameTooBig")
  const size = 2 + extended + (masked ? 4 : 0)
  if (octets.length < size) return undefined
  return { fin, rsv, opcode, length, key: octets.subarray(2 + extended, size), size }
}

/** What a peer's octets mean: control frames and messages in order, and the rule that is broken, if one is. */
export const reference = (role: Role, octets: Uint8Array, limits: MessageLimits, reservedBits = 0): Outcome => {
  const events: Array<Event> = []
  let rest = Buffer.from(octets)
  let offset = 0
  let message: { isText: boolean; octets: Buffer; frames: number; announced: number } | undefined

  const data = (header: Parsed, payload: Buffer): void => {
    demand(header.opcode !== 0 || message !== undefined, "BadContinuation")
    demand(header.opcode === 0 || message === undefined, "BadDataFrame")
    demand(Number(header.length) <= limits.maxFrameSize, "FrameTooBig")
    message ??= { isText: header.opcode === 1, octets: Buffer.alloc(0), frames: 0, announced: 0 }
    message.frames++
    message.announced += Number(header.length)
    demand(message.announced <= limits.maxMessageSize, "MessageTooBig")
    demand(message.frames <= limits.maxFragments, "TooManyFragments")
    message.octets = Buffer.concat([message.octets, payload])
    demand(!message.isText || isUtf8Beginning(message.octets), "BadFramePayload")
    if (!header.fin || payload.length < Number(header.length)) return
    try {
      events.push(message.isText ? { text: strict(message.octets) } : { binary: message.octets.toString("hex") })
    } catch {
      demand(false, "BadFramePayload")
    }
    message = undefined
  }

  try {
    for (;;) {
      const header = parse(rest, role, reservedBits)
      if (header === undefined) return { events, violation: undefined, offset: octets.length }
      const { fin, length, opcode, rsv, size } = header
      const payload = Buffer.from(rest.subarray(size, size + Number(length)))
      for (let i = 0; i < payload.length; i++) payload[i] ^= header.key.length === 0 ? 0 : header.key[i % 4]
      const isCut = payload.length < Number(length)
      if (opcode < 8) data(header, payload)
      else if (!isCut) events.push({ frame: opcode, fin, rsv, payload: payload.toString("hex") })
      if (isCut) return { events, violation: undefined, offset: octets.length }
      offset += size + payload.length
      if (opcode === 8) return { events, violation: undefined, offset }
      rest = rest.subarray(size + payload.length)
    }
  } catch (error) {
    if (!(error instanceof Violated)) throw error
    return { events, violation: error.tag, offset }
  }
}
