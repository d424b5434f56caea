/**
 * `unsafeWrite` within an allowance: what exceeds it is held, and passed on in the next seconds.
 *
 * What is allowed, with nothing held before it, is passed on at once. Held octets are passed on by a fiber, which lives only
 * as long as there are any and waits for the lower Duplex to drain: so it learns when that has failed.
 */
import * as Effect from "effect/Effect"
import type * as Runtime from "effect/Runtime"
import type { Duplex } from "../Transport.js"
import { PullWriter } from "../transport/PullWriter.js"
import { TransportError } from "../WebSocketError.js"
import { type Allowance, take } from "./Allowance.js"

type Chunks = ReadonlyArray<Uint8Array>

const lengthOf = (chunks: Chunks): number => chunks.reduce((sum, { length }) => sum + length, 0)

/** The first octets of all chunks, and the rest. */
const split = (chunks: Chunks, size: number): readonly [first: Chunks, rest: Chunks] => {
  const first: Array<Uint8Array> = []
  const rest: Array<Uint8Array> = []
  let left = size
  for (const chunk of chunks) {
    const taken = Math.min(left, chunk.length)
    left -= taken
    if (taken > 0) first.push(chunk.subarray(0, taken))
    if (taken < chunk.length) rest.push(chunk.subarray(taken))
  }
  return [first, rest]
}

export class RateWriter {
  private readonly held: PullWriter
  /** Octets of the chunk that is under way which were passed on already. */
  private passed = 0
  private ended = false

  constructor(
    private readonly lower: Duplex,
    private readonly allowance: Allowance,
    runtime: Runtime.Runtime<never>
  ) {
    this.held = new PullWriter(runtime, { write: (chunk) => this.pass(chunk), end: Effect.suspend(() => lower.end) })
  }

  write(chunks: Chunks): void {
    if (this.ended) return
    if (this.held.buffered > 0) {
      this.held.write(chunks)
      return
    }
    const length = lengthOf(chunks)
    const taken = this.allowance.unsafeTake(length)
    const [first, rest] = taken === length ? [chunks, []] : split(chunks, taken)
    if (first.length > 0) this.lower.unsafeWrite(first)
    this.held.write(rest)
  }

  buffered(): number {
    const held = this.held.buffered === 0 ? 0 : this.held.buffered - this.passed
    return held + this.lower.unsafeBuffered()
  }

  readonly drain: Effect.Effect<void, TransportError> = Effect.suspend(() =>
    Effect.flatMap(Effect.zipRight(this.held.drain, this.lower.drain), () =>
      this.buffered() === 0 ? Effect.void : this.drain
    )
  )

  /** After what is held. */
  readonly end: Effect.Effect<void> = Effect.suspend(() => {
    if (this.ended) return Effect.void
    this.ended = true
    if (this.held.buffered === 0) return this.lower.end
    this.held.end()
    return Effect.void
  })

  /** Drops what is held. */
  stop(): void {
    this.held.abort(new TransportError({ reason: { _tag: "Read" }, cause: "the connection was aborted on this side" }))
  }

  private pass(chunk: Uint8Array): Effect.Effect<void, TransportError> {
    return Effect.flatMap(take(this.allowance, chunk.length - this.passed), (taken) => {
      this.lower.unsafeWrite([chunk.subarray(this.passed, this.passed + taken)])
      this.passed += taken
      return Effect.flatMap(this.lower.drain, () => {
        if (this.passed < chunk.length) return this.pass(chunk)
        this.passed = 0
        return Effect.void
      })
    })
  }
}
