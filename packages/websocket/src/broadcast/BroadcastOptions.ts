/** What an application chooses for a broadcast, and what it gets. */
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { PreparedMessage } from "../connection/PreparedMessage.js"
import type { Message, MessageSocket } from "../MessageSocket.js"
import type { SendError } from "../WebSocketError.js"
import type { TooSlow } from "./TooSlow.js"

/** A socket of any platform, whatever its receiving fails with. */
export type AnySocket = MessageSocket<unknown, unknown>

/** How receivers are treated that are slower than what is published. */
export interface BroadcastOptions {
  /**
   * What happens when there is no room for a message: the receiver is closed with 1013 (`"close"`), its subscriptions end and it
   * stays open (`"fail"`), the oldest messages that wait are dropped (`"dropOldest"`), or this one is (`"dropNewest"`). `"close"`.
   */
  readonly whenSlow?: "close" | "fail" | "dropOldest" | "dropNewest" | undefined
  /**
   * How much may wait for one receiver, besides what its connection has taken (`limits.highWaterMark`): octets (UTF-16 units for
   * text), and 32 for each message. A single message may wait however long it is. 1 MiB.
   */
  readonly capacity?: number | undefined
  /** How many messages may wait for one receiver. 1024. */
  readonly maxMessages?: number | undefined
}

/** How one message is published. */
export interface PublishOptions {
  /** Who does not get it, such as its author. */
  readonly except?: AnySocket | undefined
}

/** A receiver's part in one topic. */
export interface Subscription {
  /** How many messages were dropped for this receiver so far, in all its topics. */
  readonly dropped: Effect.Effect<number>
  /**
   * Waits until nothing is delivered any more: all subscriptions of the receiver have ended, or its connection has. Fails when
   * the receiver was given up, and with what sending failed otherwise.
   */
  readonly ended: Effect.Effect<void, TooSlow | SendError>
  /** Ends this subscription before its Scope does: for who leaves a room, and stays connected. Idempotent. */
  readonly unsubscribe: Effect.Effect<void>
}

/** Topics and their receivers. */
export interface Broadcast<in out K> {
  /**
   * Delivers what is published under the key from now on, until the end of the Scope. A receiver gets all its topics in the order
   * in which they were published, and a message of a topic once, however often it is subscribed.
   */
  readonly subscribe: (key: K, socket: AnySocket) => Effect.Effect<Subscription, never, Scope.Scope>
  /**
   * Sends a message to all receivers of the topic, and tells how many there are that get it, or for which it waits. No receiver
   * is waited for. After much was published it waits for a turn of the event loop.
   */
  readonly publish: (key: K, message: Message | PreparedMessage, options?: PublishOptions) => Effect.Effect<number>
  /** How many receivers a topic has. */
  readonly receivers: (key: K) => Effect.Effect<number>
  /** The topics that have receivers. */
  readonly topics: Effect.Effect<ReadonlyArray<K>>
}
