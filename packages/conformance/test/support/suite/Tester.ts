/**
 * Plays a case against an endpoint, and tells in a line what it saw: messages, Pongs, and how the connection ended.
 */
import { createHash } from "node:crypto"
import * as Effect from "effect/Effect"
import type { RawPeer } from "../RawPeer.js"
import { RawDeflater, type RawDirection, RawInflater } from "../rawDeflate.js"
import { frame, parseFrames, rsv1, type WireFrame } from "../wire.js"
import { type Case, type Expected, Opcode, type Role, type Step } from "./Case.js"

type Message = string | Uint8Array

/** The endpoint under test, with its connection open. */
export interface Opened {
  /** What the tester has in hand: heads are dropped from it. */
  readonly peer: RawPeer
  /** How the endpoint and the tester compress. */
  readonly directions: { readonly theirs: RawDirection; readonly ours: RawDirection }
  /** What was delivered to the application, which sends it back. */
  readonly delivered: ReadonlyArray<Message>
}

/** Turns of the event loop in which an endpoint has to fail that fails at once; octets on the loopback take one or two. */
const patience = 25

const turn: Effect.Effect<void> = Effect.async((resume) => void setImmediate(() => resume(Effect.void)))

/** A Ping behind everything else: its Pong says that all of it was read. */
const last = "that was all"

const printable = /^[\x20-\x7eé]*$/

const digest = (octets: Uint8Array): string => createHash("sha1").update(octets).digest("hex").slice(0, 8)

const briefOctets = (octets: Uint8Array): string =>
  octets.length <= 32 ? Buffer.from(octets).toString("hex") : `${octets.length} octets ${digest(octets)}`

const brief = (message: Message): string => {
  if (typeof message !== "string") return `binary ${briefOctets(message)}`.trim()
  if (printable.test(message) && message.length <= 32) return JSON.stringify(message)
  return `text ${briefOctets(Buffer.from(message))}`
}

/** The same message again and again is told once. */
const briefAll = (messages: ReadonlyArray<Message>): string => {
  const parts = messages.map(brief)
  if (parts.length > 3 && new Set(parts).size === 1) return `${parts.length} × ${parts[0]}`
  return parts.length <= 5 ? parts.join(", ") : `${parts.length} messages ${digest(Buffer.from(parts.join()))}`
}

const pongOf = (payload: Uint8Array): string => {
  const text = Buffer.from(payload).toString("utf8")
  return printable.test(text) ? text : Buffer.from(payload).toString("hex")
}

const line = (messages: ReadonlyArray<Message>, pongs: ReadonlyArray<string>, end: string): string =>
  [
    messages.length === 0 ? [] : `messages ${briefAll(messages)}`,
    pongs.length === 0 ? [] : `pongs ${pongs.map((pong) => briefOrText(pong)).join(", ")}`,
    end
  ]
    .flat()
    .join("; ")

const briefOrText = (pong: string): string => (pong.length > 32 ? brief(pong) : JSON.stringify(pong))

const closeText = (code: number | undefined): string =>
  code === undefined ? "an end without a Close" : code === 1005 ? "Close" : `Close ${code}`

/** What a strict endpoint does. */
export const expectedLine = ({ close = 1000, messages = [], pongs = [] }: Expected): string =>
  line(messages, pongs, closeText(close))

export class Tester {
  private readonly deflater: RawDeflater
  private readonly inflater: RawInflater
  private readonly messages: Array<Message> = []
  private readonly pongs: Array<string> = []
  private parts: Array<WireFrame> = []
  private closeCode: number | undefined
  private behindClose = 0
  private isLate = false
  private isThrough = false
  private readonly peer: RawPeer

  constructor(
    private readonly opened: Opened,
    private readonly role: Role
  ) {
    this.peer = opened.peer
    this.deflater = new RawDeflater(opened.directions.ours)
    this.inflater = new RawInflater(opened.directions.theirs)
  }

  /** The octets of each step. */
  octets(steps: ReadonlyArray<Step>): ReadonlyArray<Buffer | "failed"> {
    return steps.map((step) => (step === "failed" ? step : step(this.role, this.deflater)))
  }

  play(
    { closes, expect }: Case,
    steps: ReadonlyArray<Uint8Array | "failed">,
    waitsForExpected: boolean
  ): Effect.Effect<string> {
    return Effect.gen(this, function* () {
      for (const step of steps) {
        if (step === "failed") {
          yield* this.mustHaveFailed(waitsForExpected)
          if (this.isOver) break
        } else yield* this.peer.write(steps.length > 1 ? [step, Buffer.alloc(0)] : [step])
      }
      if (!closes) {
        if (!this.isOver) yield* this.write(Opcode.ping, Buffer.from(last))
        const awaited = waitsForExpected ? (expect.messages ?? []) : this.opened.delivered
        yield* this.until(() => this.isThrough && this.messages.length >= awaited.length)
        if (!this.isOver) yield* this.write(Opcode.close, Buffer.of(0x03, 0xe8))
      }
      yield* this.until(() => false)
      // RFC 6455 §7.1.1: a client waits for the server's end.
      if (this.role === "server") this.peer.end()
      yield* this.peer.all
      this.hear()
      return this.seen
    })
  }

  private write(opcode: number, payload: Buffer): Effect.Effect<void> {
    return this.peer.write([frame(0x80 | opcode, payload, this.role)])
  }

  private get isOver(): boolean {
    return this.closeCode !== undefined || this.peer.isEnded
  }

  /** Waits until the condition holds, a Close frame has arrived, or the endpoint has ended. */
  private until(condition: () => boolean): Effect.Effect<unknown> {
    return this.peer.until(() => {
      this.hear()
      return this.isOver || condition()
    })
  }

  /** Who is known to fail is waited for. */
  private mustHaveFailed(isSure: boolean): Effect.Effect<void> {
    if (isSure) return Effect.asVoid(this.until(() => false))
    return Effect.gen(this, function* () {
      for (let turns = 0; turns < patience && !this.isOver; turns++) {
        yield* turn
        this.hear()
      }
      if (!this.isOver) this.isLate = true
    })
  }

  private hear(): void {
    const { frames, rest } = parseFrames(this.peer.received)
    if (frames.length === 0) return
    this.peer.drop(this.peer.received.length - rest.length)
    for (const each of frames) this.hearFrame(each)
  }

  private hearFrame(each: WireFrame): void {
    if (this.closeCode !== undefined) this.behindClose++
    else if (each.opcode === Opcode.close) {
      this.closeCode = each.payload.length < 2 ? 1005 : each.payload.readUInt16BE(0)
    } else if (each.opcode === Opcode.pong) this.hearPong(pongOf(each.payload))
    else if (each.opcode < 8) this.hearData(each)
  }

  private hearPong(payload: string): void {
    if (payload === last) this.isThrough = true
    else this.pongs.push(payload)
  }

  private hearData(each: WireFrame): void {
    this.parts.push(each)
    if (!each.isLast) return
    const payload = Buffer.concat(this.parts.map((part) => part.payload))
    const { first, opcode } = this.parts[0]!
    const octets = (first & rsv1) === 0 ? payload : this.inflater.inflate(payload)
    this.messages.push(opcode === Opcode.text ? octets.toString("utf8") : new Uint8Array(octets))
    this.parts = []
  }

  private get seen(): string {
    const { delivered } = this.opened
    const told = line(delivered, this.pongs, closeText(this.closeCode))
    const answered = line(this.messages, this.pongs, closeText(this.closeCode))
    return [
      told,
      told === answered ? [] : `sent back: ${this.messages.length === 0 ? "nothing" : briefAll(this.messages)}`,
      this.behindClose === 0 ? [] : `${this.behindClose} frames behind the Close`,
      this.isLate ? "not at once" : []
    ]
      .flat()
      .join("; ")
  }
}
