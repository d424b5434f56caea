/**
 * Cuts what arrives into smaller chunks, as a network may do at any octet.
 *
 * Order and content stay. A pause is obeyed between the pieces of one chunk. Nothing is joined, and nothing outbound is
 * changed.
 */
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { mapListener, mapTransport, over } from "../DuplexAdapter.js"
import type { Listener } from "../Listener.js"
import type { Duplex, FlowControl, Transport } from "../Transport.js"
import { type Cut, immediate, Lane } from "../transport/Lane.js"

/** Where to cut; both may be given. */
export interface CutOptions {
  /** Chunks have at most so many octets. 1: each octet alone. */
  readonly size?: number | undefined
  /** Cuts before these octets, counted from the first octet of the connection. */
  readonly at?: ReadonlyArray<number> | undefined
}

const cutOf = ({ at = [], size = Infinity }: CutOptions): Cut => {
  const places = [...at].sort((a, b) => a - b)
  return (offset, length) => {
    const place = places.find((candidate) => candidate > offset) ?? Infinity
    return Math.min(length, size, place - offset)
  }
}

/** A Duplex whose inbound octets are cut. */
export const cut = (lower: Duplex, options: CutOptions): Duplex =>
  over(lower, {
    unsafeReceive: (onOctets, onEnd): FlowControl => {
      let flow: FlowControl | undefined
      let paused = false
      const settle = () => {
        if (paused || lane.octets > 0) flow?.pause()
        else flow?.resume()
      }
      const lane = new Lane(immediate, cutOf(options), settle)
      const pieces = lane.receive(onOctets, onEnd)
      flow = lower.unsafeReceive(
        (octets) => {
          lane.push(octets.slice())
          settle()
        },
        (error) => lane.finish(error, false)
      )
      settle()
      return {
        pause: () => {
          paused = true
          pieces.pause()
          settle()
        },
        resume: () => {
          paused = false
          pieces.resume()
          settle()
        }
      }
    }
  })

/** Cuts what clients receive. */
export const layer = (options: CutOptions): Layer.Layer<Transport, never, Transport> =>
  mapTransport((lower) => Effect.succeed(cut(lower, options)))

/** Cuts what servers receive. */
export const layerListener = (options: CutOptions): Layer.Layer<Listener, never, Listener> =>
  mapListener((lower) => Effect.succeed(cut(lower, options)))
