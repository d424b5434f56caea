import { describe, expect } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import { messagePack } from "../src/MessagePack.js"
import * as TypedWebSocket from "../src/TypedWebSocket.js"
import { test, turns } from "./support/leavesNothing.js"
import { pass, reconnecting } from "./support/reconnecting.js"
import { serving } from "./support/serving.js"

const Event = Schema.Struct({ said: Schema.String, at: Schema.DateFromString })
const Command = Schema.Struct({ say: Schema.String })

const V2 = TypedWebSocket.make({ receive: TypedWebSocket.json(Event), send: TypedWebSocket.json(Command) })
const V1 = TypedWebSocket.make({ receive: TypedWebSocket.text(Schema.String), send: messagePack(Command) })

const Chat = TypedWebSocket.bySubprotocol({ "chat.v2": V2, "chat.v1": V1 })
const Served = TypedWebSocket.bySubprotocol({ "chat.v2": TypedWebSocket.flip(V2), "chat.v1": TypedWebSocket.flip(V1) })

const at = new Date(0)

describe("AMBITION 13: a codec for each direction, and for each subprotocol", () => {
  test("client and server speak the same, seen from both sides", function* () {
    const { connect } = yield* serving((ws) => {
      const typed = TypedWebSocket.flip(V2).over(ws)
      return typed.run(({ say }) => typed.send({ said: say, at }))
    })
    const typed = V2.over(yield* connect())
    yield* typed.send({ say: "hello" })
    expect(yield* typed.receive).toEqual({ said: "hello", at })
  })

  test("a value is the message that `send` makes of it, for who sends it to many", function* () {
    expect(yield* TypedWebSocket.flip(V2).encode({ said: "hello", at })).toBe(
      '{"said":"hello","at":"1970-01-01T00:00:00.000Z"}'
    )
    const error = yield* Effect.flip(TypedWebSocket.flip(V2).encode({ said: 1 as never, at }))
    expect([error._tag, error.reason._tag]).toEqual(["EncodeError", "Mismatch"])
  })

  for (const [offered, expected] of [
    [["chat.v2"], { said: "hello", at }],
    [["chat.v1"], "hello"],
    [["chat.v1", "chat.v2"], { said: "hello", at }]
  ] as const) {
    test(`RFC 6455 §1.9: of ${offered.join(", ")} the one that was agreed decides`, function* () {
      const { connect } = yield* serving(
        (ws) =>
          Effect.flatMap(Served.over(ws), (typed) =>
            typed.subprotocol === "chat.v2"
              ? typed.run(({ say }) => typed.send({ said: say, at }))
              : typed.run(({ say }) => typed.send(say))
          ),
        { subprotocols: Served.subprotocols }
      )
      const typed = yield* Chat.over(yield* connect({ subprotocols: offered }))
      yield* typed.send({ say: "hello" })
      expect(yield* typed.receive).toEqual(expected)
    })
  }

  test("the subprotocols stand in the order of preference", function* () {
    yield* Effect.void
    expect(Chat.subprotocols).toEqual(["chat.v2", "chat.v1"])
  })

  for (const [name, offered, agreed] of [
    ["none", [], undefined],
    ["one without a codec", ["constructor"], "constructor"]
  ] as const) {
    test(`${name} is a failure`, function* () {
      const { connect } = yield* serving((ws) => ws.closed, { subprotocols: ["constructor"] })
      const ws = yield* connect({ subprotocols: offered })
      expect(yield* Effect.flip(Chat.over(ws))).toMatchObject({ _tag: "UnknownSubprotocol", agreed })
    })
  }
})

describe("over other sockets", () => {
  test("a Reconnect is one: values go on over connections", function* () {
    const { accept, client } = yield* reconnecting({ schedule: Schedule.spaced("1 second") })
    const typed = V2.over(client)
    const first = yield* accept
    yield* first.ws.send('{"said":"a","at":"1970-01-01T00:00:00.000Z"}')
    expect(yield* typed.receive).toEqual({ said: "a", at })
    yield* first.lose
    yield* pass("1 seconds")
    const second = yield* accept
    yield* turns()
    yield* typed.send({ say: "again" })
    expect(yield* second.ws.receive).toBe('{"say":"again"}')
  })
})
