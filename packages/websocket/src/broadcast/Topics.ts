/** Who receives what: topics come with their first receiver, and go with their last. */
import type { PreparedMessage } from "../connection/PreparedMessage.js"
import type { AnySocket } from "./BroadcastOptions.js"
import type { Receiver } from "./Receiver.js"

export class Topics<K> {
  /** How often each receiver of a topic is subscribed to it. */
  private readonly topics = new Map<K, Map<Receiver, number>>()
  private readonly receivers = new Map<AnySocket, Receiver>()

  constructor(private readonly make: (socket: AnySocket) => Receiver) {}

  get keys(): ReadonlyArray<K> {
    return [...this.topics.keys()]
  }

  size(key: K): number {
    return this.topics.get(key)?.size ?? 0
  }

  enter(key: K, socket: AnySocket): Receiver {
    const receiver = this.receivers.get(socket) ?? this.make(socket)
    this.receivers.set(socket, receiver)
    receiver.subscriptions++
    const topic = this.topics.get(key) ?? new Map<Receiver, number>()
    this.topics.set(key, topic)
    topic.set(receiver, (topic.get(receiver) ?? 0) + 1)
    return receiver
  }

  leave(key: K, receiver: Receiver): void {
    receiver.subscriptions--
    if (receiver.subscriptions === 0) {
      this.receivers.delete(receiver.socket)
      receiver.stop()
    }
    const topic = this.topics.get(key)
    const times = topic?.get(receiver) ?? 0
    if (times > 1) topic?.set(receiver, times - 1)
    else topic?.delete(receiver)
    if (topic?.size === 0) this.topics.delete(key)
  }

  /** Offers the message to all receivers of the topic, and counts those who take it. */
  publish(key: K, message: PreparedMessage, except: AnySocket | undefined): number {
    let count = 0
    for (const receiver of this.topics.get(key)?.keys() ?? []) {
      if (receiver.socket !== except && receiver.offer(message)) count++
    }
    return count
  }
}
