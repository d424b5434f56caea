/**
 * One direction of a connection as lines: the head of HTTP, then the frames (RFC 6455 §5.2).
 *
 * It listens only: what it is shown is copied, never altered. Of a payload the beginning is kept. What breaks a rule is a line of its own,
 * after which this direction is not read any more. Compressed payload (RFC 7692) is shown as it is on the wire.
 */
import * as Frame from "@effect-websocket/protocol/frame/Frame"
import { FrameDecoder } from "@effect-websocket/protocol/frame/FrameDecoder"
import type { FrameHeader } from "@effect-websocket/protocol/frame/FrameHeader"
import type { ProtocolViolation } from "@effect-websocket/protocol/frame/ProtocolViolation"
import { HeadDecoder } from "@effect-websocket/protocol/http/HeadDecoder"
import * as RequestHead from "@effect-websocket/protocol/http/RequestHead"
import * as ResponseHead from "@effect-websocket/protocol/http/ResponseHead"
import { defaultsOf } from "effect-websocket/Limits"

/** `>` is what clients send, `<` what servers do. */
export type Direction = ">" | "<"

/** Octets of a payload that are kept: more than a line shows. */
const maxKept = 64

/** RSV1, of permessage-deflate (RFC 7692 §6). */
const reservedBits = 4

type Head = RequestHead.RequestHead | ResponseHead.ResponseHead

const isResponse = (head: Head): head is ResponseHead.ResponseHead => "status" in head

export class DirectionTrace {
  private head: HeadDecoder<RequestHead.RequestHead> | HeadDecoder<ResponseHead.ResponseHead> | undefined
  private frames: FrameDecoder | undefined
  private header: FrameHeader | undefined
  private kept: Array<number> = []

  constructor(
    private readonly direction: Direction,
    private readonly print: (line: string) => void
  ) {
    this.head = this.nextHead()
    this.frames = new FrameDecoder(direction === ">" ? "server" : "client", this, reservedBits)
  }

  /** Shows octets as they come. */
  push(octets: Uint8Array): void {
    if (this.head === undefined) this.decodeFrames(octets)
    else this.decodeHead(octets)
  }

  /** The sink of frames. */
  onFrame(header: Readonly<FrameHeader>): undefined {
    this.header = { ...header }
    this.kept = []
  }

  onPayload(octets: Uint8Array, start: number, end: number): undefined {
    for (let at = start; at < end && this.kept.length < maxKept; at++) this.kept.push(octets[at]!)
  }

  onFrameEnd(): undefined {
    const { fin, length, opcode, rsv } = this.header!
    const frame = { fin, rsv, opcode: opcode as Frame.Frame["opcode"], payload: Uint8Array.from(this.kept) }
    this.print(Frame.format(frame, this.direction, length))
  }

  private nextHead() {
    return this.direction === ">"
      ? HeadDecoder.request(defaultsOf("server"))
      : HeadDecoder.response(defaultsOf("client"))
  }

  private decodeHead(octets: Uint8Array): void {
    const decoded = this.head?.decode(octets)
    if (decoded === undefined) return
    if ("head" in decoded) {
      this.showHead(decoded.head)
      if (decoded.next < octets.length) this.push(octets.subarray(decoded.next))
    } else this.giveUp(decoded)
  }

  private showHead(head: Head): void {
    const text = isResponse(head) ? ResponseHead.format(head) : RequestHead.format(head)
    for (const line of text.trimEnd().split("\n")) this.print(`${this.direction} ${line}`)
    // RFC 9110 §15.2: interim responses come before the one that counts; behind a refusal there is its body, and no frame.
    const status = isResponse(head) ? head.status : 101
    if (status >= 200) this.frames = undefined
    this.head = status < 200 && status !== 101 ? this.nextHead() : undefined
  }

  private decodeFrames(octets: Uint8Array): void {
    const violation = this.frames?.decode(octets.slice())
    if (violation !== undefined) this.giveUp(violation)
  }

  private giveUp({ rule, section }: Pick<ProtocolViolation, "rule" | "section">): void {
    this.print(`${this.direction} broken: ${section}: ${rule}`)
    this.head = undefined
    this.frames = undefined
  }
}
