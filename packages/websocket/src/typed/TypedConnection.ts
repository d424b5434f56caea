/**
 * The values on one socket: decoded where they are taken, in the order in which their messages came.
 *
 * Messages that were taken from the socket and are not decoded yet wait here, so that no interruption, and no message which
 * is invalid, costs another one.
 */
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Stream from "effect/Stream"
import { batchStream } from "../connection/batchStream.js"
import type { Message, MessageOptions, MessageSocket } from "../MessageSocket.js"
import { Closed } from "../WebSocketError.js"
import { lastStep } from "../waiting/lastStep.js"
import { later } from "../waiting/Prompt.js"
import { Refill } from "../waiting/Refill.js"
import { Signal } from "../waiting/Signal.js"
import type { DecodeReason, EncodeReason } from "./Codec.js"
import { DecodeError } from "./DecodeError.js"
import { EncodeError } from "./EncodeError.js"
import type { Definition, InvalidPolicy } from "./TypedOptions.js"

/** The reason of the Close frame. What exactly is wrong may be a secret of ours. */
const closeReason = "a message was not understood"

const isCleanEnd = (error: unknown): boolean => error instanceof Closed

/** `R` is what decoding and the policy need, `RO` what encoding does. */
export class TypedConnection<E, SE, In, Out, R, RO> {
  /** Messages that are not decoded yet. */
  private raw: ReadonlyArray<Message> = []
  /** How many were taken before the first of them. */
  private taken = 0
  /** What decoding has given for the message with that number, when it was no value at once. */
  private slow: { readonly number: number; readonly decoded: Effect.Effect<In, DecodeReason, R> } | undefined
  /** A message was invalid, and the connection is closed for that. */
  private failure: Effect.Effect<never, DecodeError> | undefined
  private readonly refill = new Refill(new Signal(), () => this.raw.length > 0 || this.failure !== undefined)

  constructor(
    private readonly socket: MessageSocket<E, SE>,
    private readonly definition: Definition<In, Out, R, RO, InvalidPolicy<R>>
  ) {}

  readonly pull: Effect.Effect<NonEmptyReadonlyArray<In>, E | DecodeError, R> = this.next(
    () => this.takeReady(Infinity) ?? later,
    (value) => [value]
  )

  readonly receive: Effect.Effect<In, E | DecodeError, R> = this.next(
    () => {
      const values = this.takeReady(1)
      return values === undefined ? later : values[0]
    },
    (value) => value
  )

  get messages(): Stream.Stream<In, E | DecodeError, R> {
    return batchStream(this.pull, isCleanEnd)
  }

  run<E2, R2>(
    handler: (value: In) => Effect.Effect<unknown, E2, R2> | void
  ): Effect.Effect<void, E | DecodeError | E2, R | R2> {
    const each = (message: Message) => this.handle(message, handler)
    const rest = Effect.whileLoop({
      while: () => this.raw.length > 0,
      body: () => each(this.shift()) ?? Effect.void,
      step: () => {}
    })
    return Effect.suspend(() => this.failure ?? Effect.zipRight(rest, this.socket.run(each)))
  }

  send(value: Out, options?: Pick<MessageOptions, "whenFull">): Effect.Effect<void, SE | EncodeError, RO> {
    const { socket } = this
    return Effect.suspend(() => {
      const encoded = this.definition.send.encode(value)
      if (!Either.isEither(encoded)) {
        return Effect.flatMap(Effect.mapError(encoded, EncodeError.of), (message) => socket.send(message, options))
      }
      const either = encoded as Either.Either<Message, EncodeReason>
      return Either.isRight(either) ? socket.send(either.right, options) : Effect.fail(EncodeError.of(either.left))
    })
  }

  sendAll(
    values: Iterable<Out>,
    options?: Pick<MessageOptions, "whenFull">
  ): Effect.Effect<void, SE | EncodeError, RO> {
    return Effect.suspend(() => {
      const iterator = values[Symbol.iterator]()
      let item = iterator.next()
      const step = () => {
        item = iterator.next()
      }
      return Effect.whileLoop({ while: () => !item.done, body: () => this.send(item.value, options), step })
    })
  }

  /** Takes by `ready` what is decoded at once; what is not is waited for, one by one. */
  private next<A>(ready: () => A | typeof later, only: (value: In) => A): Effect.Effect<A, E | DecodeError, R> {
    const again = Effect.suspend(() => this.next(ready, only))
    const slow = () => this.waitForFirst(again, only)
    return Effect.suspend(() => {
      if (this.failure !== undefined) return this.failure
      return this.raw.length === 0 ? Effect.zipRight(this.fill, again) : lastStep(ready, slow)
    })
  }

  private get fill(): Effect.Effect<void, E> {
    return this.refill.once((restore) =>
      Effect.map(restore(this.socket.pull), (batch) => {
        this.raw = batch
      })
    )
  }

  /** Up to `count` values whose messages are valid, as far as they are decoded at once. */
  private takeReady(count: number): NonEmptyReadonlyArray<In> | undefined {
    const values: Array<In> = []
    for (let at = 0; at < this.raw.length && values.length < count; at++) {
      const decoded = this.decode(at)
      if (!Either.isEither(decoded) || Either.isLeft(decoded)) break
      values.push(decoded.right as In)
    }
    this.skip(values.length)
    return values.length === 0 ? undefined : (values as unknown as NonEmptyReadonlyArray<In>)
  }

  /** The first message is invalid, or decoding it has to wait. */
  private waitForFirst<A>(
    again: Effect.Effect<A, E | DecodeError, R>,
    only: (value: In) => A
  ): Effect.Effect<A, E | DecodeError, R> {
    return Effect.suspend(() => {
      const { raw, taken } = this
      if (raw.length === 0) return again
      // Another fiber may do the same: the first that is done takes it.
      const take = () => {
        if (this.taken !== taken) return false
        this.skip(1)
        return true
      }
      return Effect.matchEffect(this.decode(0), {
        onSuccess: (value) =>
          lastStep(
            () => (take() ? only(value) : later),
            () => again
          ),
        onFailure: (reason) => (take() ? Effect.zipRight(this.invalid(raw[0], reason), again) : again)
      })
    })
  }

  private decode(at: number): Effect.Effect<In, DecodeReason, R> {
    const number = this.taken + at
    if (this.slow?.number === number) return this.slow.decoded
    const decoded = this.definition.receive.decode(this.raw[at])
    if (!Either.isEither(decoded) || Either.isLeft(decoded)) this.slow = { number, decoded }
    return decoded
  }

  private skip(count: number): void {
    this.raw = count === this.raw.length ? [] : this.raw.slice(count)
    this.taken += count
  }

  private shift(): Message {
    const [message] = this.raw
    this.skip(1)
    return message
  }

  private handle<E2, R2>(
    message: Message,
    handler: (value: In) => Effect.Effect<unknown, E2, R2> | void
  ): Effect.Effect<unknown, E2 | DecodeError, R | R2> | void {
    const decoded = this.definition.receive.decode(message)
    if (!Either.isEither(decoded)) {
      return Effect.matchEffect(decoded, {
        onSuccess: (value) => handler(value) ?? Effect.void,
        onFailure: (reason) => this.invalid(message, reason)
      })
    }
    const either = decoded as Either.Either<In, DecodeReason>
    return Either.isRight(either) ? handler(either.right) : this.invalid(message, either.left)
  }

  private invalid(message: Message, reason: DecodeReason): Effect.Effect<unknown, DecodeError, R> {
    const { onInvalid } = this.definition
    const error = DecodeError.of(reason, message, typeof onInvalid === "object" && "close" in onInvalid)
    if (onInvalid === "fail") return Effect.fail(error)
    if (onInvalid === "skip") return Effect.logWarning("a message was left out", Cause.fail(error))
    return "skip" in onInvalid ? (onInvalid.skip(error) ?? Effect.void) : this.closeFor(error, onInvalid.close)
  }

  private closeFor(error: DecodeError, code: number): Effect.Effect<never, DecodeError> {
    const { socket } = this
    const failure = Effect.fail(error)
    this.failure = failure
    const closing = Effect.catchAll(socket.close(code, closeReason), () => socket.close())
    return Effect.zipRight(Effect.ignore(closing), failure)
  }
}
