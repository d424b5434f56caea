import { describe, expect, it } from "vitest"
import type { AnySocket } from "../../src/broadcast/BroadcastOptions.js"
import type { Receiver } from "../../src/broadcast/Receiver.js"
import { Topics } from "../../src/broadcast/Topics.js"
import { PreparedMessage } from "../../src/connection/PreparedMessage.js"

/** Receivers that write down what they are offered. */
const made = () => {
  const told: Array<string> = []
  const names = new Map<AnySocket, string>()
  const topics = new Topics<string>((socket) => {
    const name = names.get(socket) ?? "?"
    const offer = ({ message }: PreparedMessage) => told.push(`${name} ${message}`) > 0 && message !== "refused"
    return { socket, subscriptions: 0, offer, stop: () => void told.push(`${name} stopped`) } as unknown as Receiver
  })
  const socket = (name: string) => {
    const socket = {} as AnySocket
    names.set(socket, name)
    return socket
  }
  return { told, topics, socket }
}

describe("K5: topics", () => {
  it("come with their first receiver and go with their last", () => {
    const { socket, topics } = made()
    const [one, two] = [socket("one"), socket("two")]
    const [first, second] = [topics.enter("a", one), topics.enter("a", two)]
    expect([topics.keys, topics.size("a"), topics.size("b")]).toEqual([["a"], 2, 0])
    topics.leave("a", first)
    expect([topics.keys, topics.size("a")]).toEqual([["a"], 1])
    topics.leave("a", second)
    expect([topics.keys, topics.size("a")]).toEqual([[], 0])
  })

  it("a socket is one receiver in all of them, and is stopped when it has left the last", () => {
    const { socket, told, topics } = made()
    const one = socket("one")
    const receiver = topics.enter("a", one)
    expect([topics.enter("b", one), topics.enter("a", one)]).toEqual([receiver, receiver])
    for (const key of ["a", "b"]) topics.leave(key, receiver)
    expect([topics.keys, told]).toEqual([["a"], []])
    topics.leave("a", receiver)
    expect([topics.keys, told]).toEqual([[], ["one stopped"]])
    expect(topics.enter("a", one)).not.toBe(receiver)
  })

  it("what is published goes once to each receiver of the topic; those are counted that take it", () => {
    const { socket, told, topics } = made()
    const [one, two, three] = [socket("one"), socket("two"), socket("three")]
    for (const each of [one, two, one]) topics.enter("a", each)
    topics.enter("b", three)
    expect(topics.publish("a", new PreparedMessage("x"), undefined)).toBe(2)
    expect(topics.publish("a", new PreparedMessage("y"), one)).toBe(1)
    expect(topics.publish("a", new PreparedMessage("refused"), undefined)).toBe(0)
    expect(topics.publish("nobody", new PreparedMessage("x"), undefined)).toBe(0)
    expect(told).toEqual(["one x", "two x", "two y", "one refused", "two refused"])
  })
})
