/** Reads so many octets of a Duplex as are asked for, and keeps what has come behind them. */
import { concat } from "@effect-websocket/protocol/bytes/Octets"
import * as Effect from "effect/Effect"
import type { Duplex } from "../Transport.js"
import type { TransportError } from "../WebSocketError.js"

export class OctetReader {
  /** What has come and was not asked for. */
  leftover: Uint8Array = new Uint8Array(0)

  constructor(private readonly duplex: Pick<Duplex, "pull">) {}

  take(count: number): Effect.Effect<Uint8Array, TransportError> {
    return Effect.suspend(() => {
      const { leftover } = this
      if (leftover.length < count) return Effect.zipRight(this.more, this.take(count))
      this.leftover = leftover.subarray(count)
      return Effect.succeed(leftover.subarray(0, count))
    })
  }

  private get more(): Effect.Effect<void, TransportError> {
    return Effect.map(this.duplex.pull, (chunks) => {
      this.leftover = concat([this.leftover, ...chunks])
    })
  }
}
