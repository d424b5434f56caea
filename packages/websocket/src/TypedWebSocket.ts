/**
 * Values instead of messages: a codec for each direction, made of a Schema and an encoding.
 *
 * `make` says what is spoken; its `over` speaks it on a socket, on either side and on every platform. With
 * `bySubprotocol` the subprotocol of the connection decides (RFC 6455 §1.9). MessagePack is in a module of its own.
 *
 * @example
 * ```ts
 * import { Effect, Schema } from "effect"
 * import { TypedWebSocket, WebSocket } from "effect-websocket"
 *
 * const Chat = TypedWebSocket.make({
 *   receive: TypedWebSocket.json(Schema.Struct({ from: Schema.String, text: Schema.String })),
 *   send: TypedWebSocket.json(Schema.Struct({ text: Schema.String }))
 * })
 *
 * const program = Effect.gen(function* () {
 *   const chat = Chat.over(yield* WebSocket.connect("wss://example.com/chat"))
 *   yield* chat.send({ text: "hello" })
 *   return (yield* chat.receive).from
 * }).pipe(Effect.scoped)
 * ```
 *
 * @example
 * ```ts
 * import { Effect, Schema } from "effect"
 * import { TypedWebSocket, type WebSocket } from "effect-websocket"
 *
 * // Octets that are what a schema says; JSON by `codec` with `jsonEncoding`, as `json` has it.
 * const Picture = TypedWebSocket.make({
 *   receive: TypedWebSocket.binary(Schema.Uint8ArrayFromSelf),
 *   send: TypedWebSocket.codec(TypedWebSocket.jsonEncoding, Schema.Struct({ name: Schema.String }))
 * })
 *
 * const Pictures = TypedWebSocket.bySubprotocol({ "pictures.v1": Picture })
 *
 * const picture = (ws: WebSocket.WebSocket) =>
 *   Effect.gen(function* () {
 *     const pictures = yield* Pictures.over(ws)
 *     yield* pictures.send({ name: "tea" })
 *     return yield* pictures.receive
 *   }).pipe(
 *     Effect.catchTags({
 *       UnknownSubprotocol: (error: TypedWebSocket.UnknownSubprotocol) => Effect.log("not spoken", error.agreed),
 *       EncodeError: (error: TypedWebSocket.EncodeError) => Effect.log("not sent", error.reason),
 *       DecodeError: (error: TypedWebSocket.DecodeError) => Effect.log("not understood", error.reason)
 *     })
 *   )
 * ```
 */
import * as Effect from "effect/Effect"
import type { Agreement, MessageSocket } from "./MessageSocket.js"
import { EncodeError } from "./typed/EncodeError.js"
import { TypedConnection } from "./typed/TypedConnection.js"
import type {
  Definition,
  InvalidContextOf,
  InvalidErrorOf,
  InvalidPolicy,
  Protocol,
  TypedSocket
} from "./typed/TypedOptions.js"
import { UnknownSubprotocol } from "./typed/UnknownSubprotocol.js"

export {
  binary,
  type Codec,
  codec,
  type DecodeReason,
  type EncodeReason,
  type Encoding,
  encodingOf,
  json,
  jsonEncoding,
  text
} from "./typed/Codec.js"
export { DecodeError } from "./typed/DecodeError.js"
export type { Definition, InvalidPolicy, Protocol, TypedSocket } from "./typed/TypedOptions.js"
export { UnknownSubprotocol } from "./typed/UnknownSubprotocol.js"
export { EncodeError }

/** What `make` takes. */
export interface TypedOptions<In, Out, RIn, ROut, P> {
  /** What comes. */
  readonly receive: Definition<In, Out, RIn, ROut, P>["receive"]
  /** What goes. */
  readonly send: Definition<In, Out, RIn, ROut, P>["send"]
  /** What a message does that is no value. `"fail"`. */
  readonly onInvalid?: P | undefined
}

const speak = <S extends MessageSocket<unknown, unknown>, In, Out, RIn, ROut, P extends InvalidPolicy<unknown>>(
  socket: S,
  definition: Definition<In, Out, RIn, ROut, P>
): TypedSocket<S, In, Out, InvalidErrorOf<P>, RIn | InvalidContextOf<P>, ROut> => {
  type Typed = TypedSocket<S, In, Out, InvalidErrorOf<P>, RIn | InvalidContextOf<P>, ROut>
  const values = new TypedConnection(socket, definition as Definition<In, Out, unknown, ROut, InvalidPolicy<unknown>>)
  const typed = {
    pull: values.pull,
    receive: values.receive,
    run: values.run.bind(values),
    messages: values.messages,
    send: values.send.bind(values),
    sendAll: values.sendAll.bind(values),
    close: (code?: number, reason?: string) => socket.close(code, reason),
    closed: socket.closed,
    socket
  }
  return typed as unknown as Typed
}

/** What is said on a connection: `receive` and `send` are seen from this side. */
export const make = <In, Out, RIn, ROut, const P extends InvalidPolicy<unknown> = "fail">(
  options: TypedOptions<In, Out, RIn, ROut, P>
): Protocol<In, Out, RIn, ROut, P> => {
  const definition = { ...options, onInvalid: options.onInvalid ?? ("fail" as P) }
  return {
    ...definition,
    over: (socket) => speak(socket, definition),
    encode: (value) => Effect.suspend(() => Effect.mapError(definition.send.encode(value), EncodeError.of))
  }
}

/** The same as the peer sees it: what goes there comes here. */
export const flip = <In, Out, RIn, ROut, P extends InvalidPolicy<unknown>>({
  onInvalid,
  receive,
  send
}: Definition<In, Out, RIn, ROut, P>): Protocol<Out, In, ROut, RIn, P> =>
  make({ receive: send, send: receive, onInvalid })

/** Any Protocol, as a constraint. */
interface AnyProtocol {
  readonly over: (socket: never) => unknown
}

/** The values of one of several subprotocols, which `subprotocol` tells. */
export type TypedSocketOf<D, S> = {
  readonly [K in keyof D & string]: D[K] extends Protocol<infer In, infer Out, infer RIn, infer ROut, infer P>
    ? TypedSocket<S, In, Out, InvalidErrorOf<P>, RIn | InvalidContextOf<P>, ROut> & { readonly subprotocol: K }
    : never
}[keyof D & string]

/** Several subprotocols, of which one is agreed for each connection. */
export interface Subprotocols<D> {
  /** The option of a handshake, in the order in which they were given, which is that of preference. */
  readonly subprotocols: ReadonlyArray<keyof D & string>
  /** The values of the subprotocol that was agreed on this connection. */
  readonly over: <S extends MessageSocket<unknown, unknown> & { readonly negotiated: Pick<Agreement, "subprotocol"> }>(
    socket: S
  ) => Effect.Effect<TypedSocketOf<D, S>, UnknownSubprotocol>
}

/** What is said by subprotocol. A connection without one of them is `UnknownSubprotocol`; the option `requireSubprotocol` prevents it. */
export const bySubprotocol = <const D extends Readonly<Record<string, AnyProtocol>>>(protocols: D): Subprotocols<D> => {
  const byName = new Map<string, AnyProtocol>(Object.entries(protocols))
  const known = [...byName.keys()]
  return {
    subprotocols: known as ReadonlyArray<keyof D & string>,
    over: (socket) => {
      const { subprotocol } = socket.negotiated
      const protocol = subprotocol === undefined ? undefined : byName.get(subprotocol)
      if (protocol === undefined) return Effect.fail(new UnknownSubprotocol({ agreed: subprotocol, known }))
      const typed = protocol.over(socket as never) as object
      return Effect.succeed({ ...typed, subprotocol } as never)
    }
  }
}
