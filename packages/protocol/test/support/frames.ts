/** What tests of frames need: octets in hexadecimal, a sink that writes down what it is told, and every way to cut a chunk. */
import type { Role } from "../../src/bytes/Role.js"
import { FrameDecoder, type FrameSink } from "../../src/frame/FrameDecoder.js"
import { isControl } from "../../src/frame/Opcode.js"
import type { ProtocolViolation } from "../../src/frame/ProtocolViolation.js"
import type { Message } from "../../src/message/Message.js"
import { MessageAssembler, type MessageLimits } from "../../src/message/MessageAssembler.js"

export const octetsOf = (hex: string): Uint8Array =>
  Uint8Array.from(hex.replace(/\s/g, "").match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))

export const hexOf = (octets: Uint8Array): string => Buffer.from(octets).toString("hex")

export const utf8 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text))

export const concat = (...parts: ReadonlyArray<Uint8Array>): Uint8Array => new Uint8Array(Buffer.concat(parts))

/** A frame, or a message that was assembled of frames, as something to compare. */
export type Event =
  | { readonly frame: number; readonly fin: boolean; readonly rsv: number; readonly payload: string }
  | { readonly text: string }
  | { readonly binary: string }

export interface Outcome {
  readonly events: ReadonlyArray<Event>
  readonly violation: ProtocolViolation["_tag"] | undefined
  readonly offset: number
}

export const messageEvent = (message: Message): Event =>
  typeof message === "string" ? { text: message } : { binary: hexOf(message) }

/** Writes frames down. Stops at a Close frame, as a connection does. */
export class FrameRecorder implements FrameSink {
  readonly events: Array<Event> = []
  stop: () => void = () => {}
  private frame = { frame: 0, fin: false, rsv: 0 }
  private payload = ""

  onFrame: FrameSink["onFrame"] = ({ fin, opcode, rsv }) => {
    this.frame = { frame: opcode, fin, rsv }
    this.payload = ""
    return undefined
  }

  onPayload: FrameSink["onPayload"] = (octets, start, end) => {
    this.payload += hexOf(octets.subarray(start, end))
    return undefined
  }

  onFrameEnd: FrameSink["onFrameEnd"] = () => {
    this.events.push({ ...this.frame, payload: this.payload })
    if (this.frame.frame === 0x8) this.stop()
    return undefined
  }
}

/** Writes control frames and messages down. */
export class MessageRecorder implements FrameSink {
  readonly events: Array<Event> = []
  stop: () => void = () => {}
  private readonly control = new FrameRecorder()
  private readonly assembler: MessageAssembler
  private isControl = false

  constructor(limits: MessageLimits) {
    this.assembler = new MessageAssembler(limits)
  }

  onFrame: FrameSink["onFrame"] = (header) => {
    this.isControl = isControl(header.opcode)
    return this.isControl ? this.control.onFrame(header) : this.assembler.onFrame(header)
  }

  onPayload: FrameSink["onPayload"] = (octets, start, end) =>
    this.isControl ? this.control.onPayload(octets, start, end) : this.assembler.onPayload(octets, start, end)

  onFrameEnd: FrameSink["onFrameEnd"] = () => (this.isControl ? this.onControlEnd() : this.onDataEnd())

  private onControlEnd(): undefined {
    this.control.onFrameEnd()
    const event = this.control.events.pop() as Event
    this.events.push(event)
    if ("frame" in event && event.frame === 0x8) this.stop()
  }

  private onDataEnd(): ProtocolViolation | undefined {
    const result = this.assembler.onFrameEnd()
    if (result === undefined) return undefined
    if (typeof result !== "string" && !(result instanceof Uint8Array)) return result
    this.events.push(messageEvent(result))
    return undefined
  }
}

/** Feeds copies of the chunks: decoding alters them. */
export const run = (
  role: Role,
  sink: FrameRecorder | MessageRecorder,
  chunks: ReadonlyArray<Uint8Array>,
  reservedBits = 0
): Outcome => {
  const decoder = new FrameDecoder(role, sink, reservedBits)
  sink.stop = () => decoder.stop()
  let violation: ProtocolViolation | undefined
  for (const chunk of chunks) violation ??= decoder.decode(new Uint8Array(chunk))
  return { events: sink.events, violation: violation?._tag, offset: decoder.offset }
}

/** The octets cut at the given places. */
export const cutAt = (octets: Uint8Array, places: ReadonlyArray<number>): ReadonlyArray<Uint8Array> => {
  const ends = [...places.map((place) => place % (octets.length + 1)).sort((a, b) => a - b), octets.length]
  return ends.map((end, i) => octets.subarray(i === 0 ? 0 : ends[i - 1], end))
}

/** The octets whole, one by one, and cut in two at every place. */
export const everyCut = (octets: Uint8Array): ReadonlyArray<ReadonlyArray<Uint8Array>> => [
  [octets],
  Array.from(octets, (_, i) => octets.subarray(i, i + 1)),
  ...Array.from(octets, (_, i) => [octets.subarray(0, i), octets.subarray(i)])
]
