/**
 * Messages to many: topics, to which sockets are subscribed, and what is published under a key goes to all of them.
 *
 * A message is encoded once, made into frames once for all connections of servers (RFC 6455 §5.1: they do not mask), and
 * compressed once for each set of parameters of permessage-deflate (RFC 7692 §7.1). A receiver gets one write for all that is
 * published in a turn of the event loop. One that is slow delays nobody: what it has not taken waits for it, within bounds.
 *
 * @example
 * ```ts
 * import { Effect, Layer } from "effect"
 * import { Broadcast, WebSocketServer } from "effect-websocket"
 *
 * const server = Layer.unwrapEffect(
 *   Effect.map(Broadcast.make<string>({ whenSlow: "dropOldest" }), (rooms) =>
 *     WebSocketServer.serve((ws) =>
 *       Effect.gen(function* () {
 *         yield* rooms.subscribe("tea", ws)
 *         yield* ws.run((message) => rooms.publish("tea", message, { except: ws }))
 *       })
 *     )
 *   )
 * )
 * ```
 */
import * as Effect from "effect/Effect"
import * as ExecutionStrategy from "effect/ExecutionStrategy"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import type { Broadcast, BroadcastOptions } from "./broadcast/BroadcastOptions.js"
import { Lag } from "./broadcast/Lag.js"
import { Receiver } from "./broadcast/Receiver.js"
import { Topics } from "./broadcast/Topics.js"
import { TurnBudget } from "./broadcast/TurnBudget.js"
import { PreparedMessage } from "./connection/PreparedMessage.js"
import { hostTurn } from "./host/HostTurn.js"
import { OptionError } from "./WebSocketError.js"

export type {
  AnySocket,
  Broadcast,
  BroadcastOptions,
  PublishOptions,
  Subscription
} from "./broadcast/BroadcastOptions.js"
export { TooSlow } from "./broadcast/TooSlow.js"

/** 1 MiB. */
const defaultCapacity = 1024 * 1024

const defaultMaxMessages = 1024

const bound = (option: string, value: number): Effect.Effect<number, OptionError> =>
  value === Infinity || (Number.isSafeInteger(value) && value > 0)
    ? Effect.succeed(value)
    : Effect.fail(new OptionError({ option, rule: "an integer of at least 1, or Infinity" }))

const over = <K>(topics: Topics<K>): Broadcast<K> => {
  const budget = new TurnBudget()
  return {
    subscribe: (key, socket) =>
      Effect.uninterruptible(
        Effect.gen(function* () {
          // One of its own, so that who comes and goes leaves nothing in the one of the connection.
          const scope = yield* Scope.fork(yield* Effect.scope, ExecutionStrategy.sequential)
          const receiver = topics.enter(key, socket)
          yield* Scope.addFinalizer(
            scope,
            Effect.sync(() => topics.leave(key, receiver))
          )
          return {
            dropped: Effect.sync(() => receiver.dropped),
            ended: receiver.ended,
            unsubscribe: Scope.close(scope, Exit.void)
          }
        })
      ),
    publish: (key, message, options) =>
      Effect.suspend(() => {
        const made = message instanceof PreparedMessage ? message : new PreparedMessage(message)
        const count = topics.publish(key, made, options?.except)
        return budget.spend(made.message.length) ? Effect.succeed(count) : Effect.as(hostTurn, count)
      }),
    receivers: (key) => Effect.sync(() => topics.size(key)),
    topics: Effect.sync(() => topics.keys)
  }
}

/**
 * Topics without receivers. Keys are compared as those of a `Map`. It holds nothing but its receivers, and needs no Scope; what
 * is published reaches this process alone.
 */
export const make = <K = string>(options: BroadcastOptions = {}): Effect.Effect<Broadcast<K>, OptionError> =>
  Effect.gen(function* () {
    const { whenSlow = "close" } = options
    const capacity = yield* bound("capacity", options.capacity ?? defaultCapacity)
    const maxMessages = yield* bound("maxMessages", options.maxMessages ?? defaultMaxMessages)
    const runtime = yield* Effect.runtime<never>()
    return over(new Topics<K>((socket) => new Receiver(socket, new Lag(capacity, maxMessages), whenSlow, runtime)))
  })
