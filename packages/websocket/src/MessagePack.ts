/**
 * Values as MessagePack in binary messages, for `TypedWebSocket`.
 *
 * It needs the package `@msgpack/msgpack`, an optional peer dependency, and is therefore in no barrel: import
 * `effect-websocket/MessagePack`. Of a peer's message nothing is evaluated, and no more room is made than it has octets.
 *
 * @example
 * ```ts
 * import { Schema } from "effect"
 * import { TypedWebSocket } from "effect-websocket"
 * import { messagePack } from "effect-websocket/MessagePack"
 *
 * const Points = TypedWebSocket.make({
 *   receive: messagePack(Schema.Array(Schema.Number)),
 *   send: messagePack(Schema.Struct({ from: Schema.Number }))
 * })
 * ```
 */
import { decode, Encoder } from "@msgpack/msgpack"
import type * as Schema from "effect/Schema"
import { type Codec, codec, type Encoding, encodingOf } from "./typed/Codec.js"
import { holdsOneValue } from "./typed/holdsOneValue.js"

/** How numbers of 64 bits are treated. */
export interface MessagePackOptions {
  /** Whether integers of 64 bits are bigints both ways; else they are numbers, exact up to 2^53. false. */
  readonly bigints?: boolean | undefined
}

const decodeWhole = (octets: Uint8Array, useBigInt64: boolean): unknown => {
  if (!holdsOneValue(octets)) throw new RangeError("the octets are not one value of MessagePack")
  return decode(octets, { useBigInt64 })
}

/** MessagePack in binary messages. Dates are of its timestamp extension; members that are undefined are left out, as in JSON. */
export const encoding = ({ bigints = false }: MessagePackOptions = {}): Encoding => {
  const encoder = new Encoder({ useBigInt64: bigints, ignoreUndefined: true })
  return encodingOf({
    name: "MessagePack",
    kind: "binary",
    decode: (octets) => decodeWhole(octets, bigints),
    encode: (value) => encoder.encode(value)
  })
}

/** Values as MessagePack in binary messages. */
export const messagePack = <A, I, R>(schema: Schema.Schema<A, I, R>, options?: MessagePackOptions): Codec<A, R> =>
  codec(encoding(options), schema)
