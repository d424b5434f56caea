/**
 * One connection of the generator: answers Pings (RFC 6455 §5.5.2), joins fragments, and ends when it is told to. An end that comes
 * otherwise is a fault.
 */
import { RawConnection, type Target } from "../load/RawConnection.js"
import { frame } from "../load/Ring.js"
import { Deflation } from "./Deflation.js"
import { FrameReader } from "./FrameReader.js"
import type { Tally } from "./Tally.js"

const [text, close, ping, pong] = [1, 0x88, 0x89, 0x8a]
const normalClosure = Buffer.from([0x03, 0xe8])
const nothing = Buffer.alloc(0)
/** RFC 7692 §6: the message is compressed. */
const compressed = 0x40
/** Octets of messages which are not. */
const threshold = 128

/** Who is told of what has come. */
export interface Receiver {
  readonly onMessage: (message: Buffer) => void
  /** Octets have been read. */
  readonly onRead?: (connection: SoakConnection) => void
}

export class SoakConnection {
  static async open(place: Target, path: string, tally: Tally, receiver: Receiver): Promise<SoakConnection> {
    let opened!: SoakConnection
    const target = { ...place, path }
    await RawConnection.open(target, (raw) => {
      opened = new SoakConnection(raw, target, tally, receiver)
    })
    tally.opened++
    return opened
  }

  isOpen = true
  private parts: Array<Buffer> = []
  private isDeflated = false
  private agreed: Deflation | undefined
  private onClose: (() => void) | undefined

  private constructor(
    private readonly raw: RawConnection,
    private readonly target: Target,
    private readonly tally: Tally,
    private readonly receiver: Receiver
  ) {
    const reader = new FrameReader((first, payload) => this.onFrame(first, payload))
    raw.receive = (chunk, start, end) => {
      try {
        reader.take(chunk.subarray(start, end))
        receiver.onRead?.(this)
      } catch (fault) {
        tally.fail(fault)
        this.destroy()
      }
    }
    raw.socket.on("error", () => {}).once("close", () => this.ended())
  }

  get socket() {
    return this.raw.socket
  }

  send(message: Buffer): void {
    const { deflation } = this
    const isShort = message.length <= threshold
    this.socket.write(
      deflation && !isShort ? frame(0xc2, deflation.deflate(message), true) : frame(0x82, message, true)
    )
  }

  /** RFC 6455 §5.5.3: a Pong that nobody asked for is a sign of life. */
  beat(): void {
    if (this.isOpen) this.socket.write(frame(pong, nothing, true))
  }

  /** The closing handshake (§7.1.2), until the connection has ended. */
  close(): Promise<void> {
    if (!this.isOpen) return Promise.resolve()
    this.isOpen = false
    this.tally.closed++
    return new Promise((resolve) => {
      this.onClose = resolve
      this.socket.write(frame(close, normalClosure, true))
    })
  }

  /** Ends it without a word. */
  destroy(): void {
    if (!this.isOpen) return
    this.isOpen = false
    this.tally.destroyed++
    this.socket.destroy()
  }

  private onFrame(first: number, payload: Buffer): void {
    if (first === ping) {
      this.tally.pings++
      this.socket.write(frame(pong, payload, true))
    } else if (first === close) this.onCloseFrame(payload)
    else if (first !== pong) this.onFragment(first, payload)
  }

  private onFragment(first: number, payload: Buffer): void {
    if ((first & 0x0f) === text) this.tally.fail("a text message")
    if (this.parts.length === 0) this.isDeflated = (first & compressed) !== 0
    this.parts.push(payload)
    if (first < 0x80) return
    const whole = this.parts.length === 1 ? payload : Buffer.concat(this.parts)
    this.parts = []
    const message = this.isDeflated ? this.inflate(whole) : whole
    if (this.isOpen) this.receiver.onMessage(message)
  }

  /** Made when it is first needed: the answer to the handshake has come by then. */
  private get deflation(): Deflation | undefined {
    if (this.target.deflate) this.agreed ??= new Deflation(this.raw.windowBits)
    return this.agreed
  }

  private inflate(octets: Buffer): Buffer {
    if (this.deflation === undefined) throw new Error("a compressed message, which was not agreed on")
    this.tally.inflated++
    return this.deflation.inflate(octets)
  }

  private onCloseFrame(payload: Buffer): void {
    if (this.isOpen) this.tally.fail(`the server closed with ${payload.length < 2 ? 1005 : payload.readUInt16BE(0)}`)
    else if (!payload.equals(normalClosure)) this.tally.fail("the answer to a Close frame has another code")
    else if (this.parts.length > 0) this.tally.fail("a message was cut by the close")
    this.isOpen = false
  }

  private ended(): void {
    if (this.isOpen)
      this.tally.fail(`a connection was lost: ${this.target.path}, ${this.socket.errored ?? "its end has come"}`)
    this.isOpen = false
    this.onClose?.()
  }
}
