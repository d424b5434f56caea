/** Compression by Node.js that counts what is asked of it, and how it is given back. */
import * as NodeCompression from "@effect-websocket/node/NodeCompression"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Compression, type CompressionService, type InflateSink } from "effect-websocket/Compression"

export class Counts {
  opened = 0
  closed = 0
  /** Calls of a deflater whose engine was closed: there must be none. */
  lateDeflates = 0
  /** Octets that were compressed, and the parts in which they came. */
  deflated = 0
  parts = 0
  /** Octets that were inflated. */
  inflated = 0
  /** How often an inflater went on after a pause. */
  resumed = 0
  /** Octets that were inflated since the event loop turned the last time, and the most of it. */
  private inTurn = 0
  mostInTurn = 0

  onInflated(octets: number): void {
    if (this.inTurn === 0) {
      setImmediate(() => {
        this.inTurn = 0
      })
    }
    this.inflated += octets
    this.inTurn += octets
    this.mostInTurn = Math.max(this.mostInTurn, this.inTurn)
  }
}

const counted = (lower: CompressionService, counts: Counts): CompressionService => ({
  open: (agreed, role, settings, sink) => {
    const counting: InflateSink = {
      room: () => sink.room(),
      onOctets: (octets, start, end) => {
        counts.onInflated(end - start)
        return sink.onOctets(octets, start, end)
      }
    }
    const { close, deflater, inflater } = lower.open(agreed, role, settings, counting)
    let isClosed = false
    counts.opened++
    return {
      deflater: {
        deflate: (octets, step) => {
          if (isClosed) counts.lateDeflates++
          counts.deflated += octets.length
          counts.parts++
          return deflater.deflate(octets, step)
        },
        reset: () => deflater.reset()
      },
      inflater: {
        get isPaused() {
          return inflater.isPaused
        },
        push: (octets, start, end) => inflater.push(octets, start, end),
        resume: () => {
          if (inflater.isPaused) counts.resumed++
          return inflater.resume()
        },
        end: () => inflater.end()
      },
      close: () => {
        counts.closed++
        isClosed = true
        close()
      }
    }
  }
})

/** Compression that counts here. */
export const countedCompression = (counts: Counts): Layer.Layer<Compression> =>
  Layer.provide(
    Layer.effect(
      Compression,
      Effect.map(Compression, (lower) => counted(lower, counts))
    ),
    NodeCompression.layer
  )
