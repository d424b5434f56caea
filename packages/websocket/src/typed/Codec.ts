/**
 * Values of an application as messages, and back: an encoding, which knows octets, and a Schema, which knows the values.
 *
 * What needs no waiting is done at once: a result is an Either, which is an Effect too, whenever the schema has neither
 * asynchronous parts nor requirements.
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { identity } from "effect/Function"
import * as ParseResult from "effect/ParseResult"
import type * as Schema from "effect/Schema"
import type { Message } from "../MessageSocket.js"

/** Why a message is no value. */
export type DecodeReason =
  /** It is of the other kind. */
  | { readonly _tag: "UnexpectedKind"; readonly expected: "text" | "binary" }
  /** It is not of the encoding; `cause` is what its decoder says. */
  | { readonly _tag: "Malformed"; readonly encoding: string; readonly cause: unknown }
  /** It is of the encoding, and not what the schema says. */
  | { readonly _tag: "Mismatch"; readonly issue: ParseResult.ParseIssue }

/** Why a value is no message. */
export type EncodeReason =
  /** The encoding cannot express it; `cause` is what its encoder says. */
  | { readonly _tag: "Inexpressible"; readonly encoding: string; readonly cause: unknown }
  /** It is not what the schema says. */
  | { readonly _tag: "Mismatch"; readonly issue: ParseResult.ParseIssue }

/** How values without a type become messages: JSON, MessagePack, or one's own. Nothing is thrown. */
export interface Encoding {
  readonly decode: (message: Message) => Either.Either<unknown, DecodeReason>
  readonly encode: (value: unknown) => Either.Either<Message, EncodeReason>
}

/** How values of a type become messages. */
export interface Codec<in out A, out R = never> {
  /** An Either when nothing has to be waited for. */
  readonly decode: (message: Message) => Effect.Effect<A, DecodeReason, R>
  /** An Either when nothing has to be waited for. */
  readonly encode: (value: A) => Effect.Effect<Message, EncodeReason, R>
}

const mismatch = (issue: ParseResult.ParseIssue) => ({ _tag: "Mismatch", issue }) as const

/** Goes on with what is there, or will be. */
const andThen = <A, E, R, B, E2, R2>(
  self: Effect.Effect<A, E, R>,
  next: (value: A) => Effect.Effect<B, E2, R2>
): Effect.Effect<B, E | E2, R | R2> => {
  if (!Either.isEither(self)) return Effect.flatMap(self, next)
  return Either.isRight(self) ? next(self.right as A) : (self as Either.Left<E, never>)
}

/** A schema over an encoding. */
export const codec = <A, I, R>(encoding: Encoding, schema: Schema.Schema<A, I, R>): Codec<A, R> => {
  const decodeValue = ParseResult.decodeUnknown(schema)
  const encodeValue = ParseResult.encode(schema)
  return {
    decode: (message) =>
      andThen(encoding.decode(message), (value) => ParseResult.mapError(decodeValue(value), mismatch)),
    encode: (value) => andThen(ParseResult.mapError(encodeValue(value), mismatch), encoding.encode)
  }
}

const isKind = (message: Message, kind: "text" | "binary"): boolean =>
  (typeof message === "string") === (kind === "text")

/** An encoding of texts, or of octets: the other kind of message is refused, and what is thrown is a reason. */
export const encodingOf = <K extends "text" | "binary">(options: {
  readonly name: string
  readonly kind: K
  readonly decode: (message: K extends "text" ? string : Uint8Array) => unknown
  readonly encode: (value: unknown) => K extends "text" ? string : Uint8Array
}): Encoding => {
  const { kind, name: encoding } = options
  return {
    decode: (message) => {
      if (!isKind(message, kind)) return Either.left({ _tag: "UnexpectedKind", expected: kind })
      const decode = options.decode as (message: Message) => unknown
      return Either.try({ try: () => decode(message), catch: (cause) => ({ _tag: "Malformed", encoding, cause }) })
    },
    encode: (value) =>
      Either.try({ try: () => options.encode(value), catch: (cause) => ({ _tag: "Inexpressible", encoding, cause }) })
  }
}

/** What has no form in JSON, such as a function, is nothing. */
const stringify = (value: unknown): string => {
  const text: string | undefined = JSON.stringify(value)
  if (text === undefined) throw new TypeError("the value has no form in JSON")
  return text
}

/** JSON (RFC 8259) in text messages. */
export const jsonEncoding: Encoding = encodingOf({
  name: "JSON",
  kind: "text",
  decode: (text) => JSON.parse(text) as unknown,
  encode: stringify
})

/** Values as JSON in text messages. */
export const json = <A, I, R>(schema: Schema.Schema<A, I, R>): Codec<A, R> => codec(jsonEncoding, schema)

/** Texts that are the encoded side of the schema themselves. */
export const text = <A, R>(schema: Schema.Schema<A, string, R>): Codec<A, R> =>
  codec(encodingOf({ name: "text", kind: "text", decode: identity, encode: (value) => value as string }), schema)

/** Octets that are the encoded side of the schema themselves. */
export const binary = <A, R>(schema: Schema.Schema<A, Uint8Array, R>): Codec<A, R> =>
  codec(
    encodingOf({ name: "octets", kind: "binary", decode: identity, encode: (value) => value as Uint8Array }),
    schema
  )
