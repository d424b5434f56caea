/**
 * The compressors, or decompressors, of one set of parameters, shared by all connections.
 *
 * One is taken for the duration of a message. What the owner of the last message left in it is kept for that owner as long as
 * memory allows: when it does not, the context that was not used for the longest time is given up. So idle connections hold
 * no memory of their own, and the sum is bounded, however many they are.
 */
import type { NodeDeflateStream } from "./NodeDeflateStream.js"

/** Memory that idle streams of several pools may hold together, in octets. */
export interface IdleMemory {
  readonly limit: number
  used: number
}

export class NodeDeflatePool {
  private isClosed = false
  /** Idle streams whose contexts nobody needs. */
  private readonly free: Array<NodeDeflateStream> = []
  /** Idle streams with the contexts of their owners; the one that was not used for the longest time is the first. */
  private readonly kept = new Map<object, NodeDeflateStream>()

  /** `weight`: the memory of a stream. */
  constructor(
    private readonly make: () => NodeDeflateStream,
    private readonly weight: number,
    private readonly memory: IdleMemory
  ) {}

  /** Streams which are idle. */
  get idle(): number {
    return this.free.length + this.kept.size
  }

  /** The stream as its owner left it, if its context was not given up. */
  takeKept(owner: object): NodeDeflateStream | undefined {
    const stream = this.kept.get(owner)
    if (stream === undefined) return undefined
    this.kept.delete(owner)
    this.memory.used -= this.weight
    return stream
  }

  /** A stream without context. */
  takeFresh(): NodeDeflateStream {
    const stream = this.takeIdle()
    if (stream === undefined) return this.make()
    stream.reset()
    return stream
  }

  /** Gives back a stream whose context its owner would like to find again. */
  giveKept(owner: object, stream: NodeDeflateStream): void {
    if (this.isClosed) stream.close()
    else {
      this.kept.set(owner, stream)
      this.memory.used += this.weight
      this.trim()
    }
  }

  /** Gives back a stream whose context nobody needs. */
  giveFree(stream: NodeDeflateStream): void {
    if (this.isClosed) stream.close()
    else {
      this.free.push(stream)
      this.memory.used += this.weight
      this.trim()
    }
  }

  /** The owner will not come again. */
  forget(owner: object): void {
    const stream = this.takeKept(owner)
    if (stream !== undefined) this.giveFree(stream)
  }

  /** Closes what is idle, and from now on all that is given back. */
  close(): void {
    this.isClosed = true
    for (const stream of [...this.free, ...this.kept.values()]) stream.close()
    this.memory.used -= this.weight * this.idle
    this.free.length = 0
    this.kept.clear()
  }

  private get isFull(): boolean {
    return this.memory.used + this.weight > this.memory.limit
  }

  /** One that nobody needs; else, when there is no memory for one more, the oldest context. */
  private takeIdle(): NodeDeflateStream | undefined {
    return this.takeFree() ?? (this.isFull ? this.takeOldest() : undefined)
  }

  private takeFree(): NodeDeflateStream | undefined {
    const stream = this.free.pop()
    if (stream !== undefined) this.memory.used -= this.weight
    return stream
  }

  private takeOldest(): NodeDeflateStream | undefined {
    for (const owner of this.kept.keys()) return this.takeKept(owner)
    return undefined
  }

  /** One stream stays in any case: a pool without any would make one for each message, which takes 50 to 300 µs. */
  private trim(): void {
    while (this.memory.used > this.memory.limit && this.idle > 1) (this.takeFree() ?? this.takeOldest())?.close()
  }
}
