/**
 * A place for slow readers of an endless stream of messages: each takes a piece twice in a second, and vanishes when it has had
 * enough, with the server in the middle of a message. One that is stalled reads nothing at all.
 */
import { setTimeout as sleep } from "node:timers/promises"
import type { Target } from "../load/RawConnection.js"
import { faultOf } from "./Numbered.js"
import { SoakConnection } from "./SoakConnection.js"
import type { Tally } from "./Tally.js"

/** Messages that are enough for one connection. */
const enough = 8192

export class Slow {
  private connection: SoakConnection | undefined
  private received = 0
  private opening = Promise.resolve()

  constructor(
    private readonly place: Target,
    private readonly tally: Tally,
    private readonly stalled: boolean
  ) {}

  async open(): Promise<void> {
    this.received = 0
    this.connection = await SoakConnection.open(this.place, "/flood", this.tally, {
      onMessage: (message) => this.onMessage(message),
      onRead: (connection) => this.rest(connection)
    })
  }

  /** Tells that it lives: what it would answer to a Ping it has not read. */
  beat(): void {
    this.connection?.beat()
  }

  async stop(): Promise<void> {
    await this.opening
    this.end()
  }

  private end(): void {
    this.connection?.destroy()
    this.connection = undefined
  }

  private rest({ socket }: SoakConnection): void {
    socket.pause()
    if (!this.stalled) void sleep(500).then(() => socket.resume())
  }

  private onMessage(message: Buffer): void {
    const fault = faultOf(message, this.received++)
    this.tally.flooded++
    if (fault !== undefined) this.tally.fail(fault)
    if (this.received < enough || this.connection === undefined) return
    this.end()
    this.opening = this.open().catch(this.tally.fail)
  }
}
