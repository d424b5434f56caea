/**
 * A place for one busy connection after the other: each sends messages which come back, for some time, and then ends.
 *
 * Two of three end in order, when all their messages have come back; the others vanish with messages on their way. Then the next
 * one begins.
 */
import { setTimeout as sleep } from "node:timers/promises"
import type { Target } from "../load/RawConnection.js"
import { encode, faultOf } from "./Numbered.js"
import { SoakConnection } from "./SoakConnection.js"
import type { Tally } from "./Tally.js"

/** Messages on their way at a time, at most. */
const inFlight = 8

/** Milliseconds that an answer may take at the end. */
const patience = 10_000

/** Mostly small; one in five hundred takes several fragments on its way back. */
const sizeOf = (random: number): number =>
  random < 0.8 ? Math.floor(random * 200) : random < 0.998 ? Math.floor(random * 4096) : 200_000

export class Busy {
  private connection: SoakConnection | undefined
  private sent = 0
  private received = 0
  private lifetime = 0
  /** The end of one connection, and the begin of the next. */
  private renewal = Promise.resolve()

  constructor(
    private readonly place: Target,
    private readonly tally: Tally
  ) {}

  async open(): Promise<void> {
    this.sent = 0
    this.received = 0
    this.lifetime = 50 + Math.floor(Math.random() * 400)
    this.connection = await SoakConnection.open(this.place, "/echo", this.tally, this)
  }

  /** Sends the next message, if it may; whoever has sent all of them ends, and begins anew. */
  step(): void {
    const { connection } = this
    if (connection === undefined || this.sent - this.received >= inFlight) return
    if (this.sent < this.lifetime) {
      connection.send(encode(this.sent++, sizeOf(Math.random())))
      this.tally.sent++
      if (this.sent === this.lifetime && this.lifetime % 3 === 0) this.renew(connection)
    } else if (this.received === this.sent) this.renew(connection)
  }

  /** Waits until every message has come back, and ends. */
  async stop(): Promise<void> {
    await this.renewal
    const { connection } = this
    if (connection === undefined) return
    this.connection = undefined
    const deadline = performance.now() + patience
    while (connection.isOpen && this.received < this.sent && performance.now() < deadline) await sleep(20)
    if (this.received < this.sent) this.tally.fail(`${this.sent - this.received} messages have not come back`)
    await connection.close()
  }

  private renew(connection: SoakConnection): void {
    this.connection = undefined
    if (this.received < this.sent) connection.destroy()
    const ended = connection.isOpen ? connection.close() : Promise.resolve()
    this.renewal = ended.then(() => this.open()).catch(this.tally.fail)
  }

  onMessage(message: Buffer): void {
    const fault = faultOf(message, this.received++)
    this.tally.received++
    if (fault !== undefined) this.tally.fail(fault)
  }
}
