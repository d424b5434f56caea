/**
 * A chat of several rooms (Beast: `websocket/server/chat-multi`): the page at `/?room=tea` talks in the room "tea".
 *
 * What one member says, all of its room hear. Nobody waits for a member that is slow: it is sent away with 1013. The rooms and
 * the page are those of the demo.
 */
import { Effect, Layer } from "effect"
import { Broadcast, Handshake, WebSocketServer } from "effect-websocket"
import { Chat } from "../demo/chat.js"
import { answer } from "../demo/pages.js"

/** Rooms come with their first member and go with their last; each is a topic. */
class Rooms {
  private readonly rooms = new Map<string, Chat>()

  constructor(private readonly topics: Broadcast.Broadcast<string>) {}

  enter(name: string) {
    return Effect.acquireRelease(
      Effect.sync(() => {
        const room = this.rooms.get(name) ?? new Chat(this.topics, name)
        this.rooms.set(name, room)
        return room
      }),
      (room) => Effect.sync(() => room.size === 0 && this.rooms.delete(name))
    )
  }
}

/** A bound for names, which clients make up. */
const maxName = 40

const nameOf = (request: Handshake.UpgradeRequest): Effect.Effect<string, Handshake.Rejected> => {
  const name = new URLSearchParams(Handshake.queryOf(request)).get("room") ?? "lobby"
  return name.length <= maxName
    ? Effect.succeed(name)
    : Effect.fail(Handshake.reject({ status: 400, body: "this name is too long\n" }))
}

/** The rooms of these topics. */
export const serverOf = (topics: Broadcast.Broadcast<string>) => {
  const rooms = new Rooms(topics)
  return WebSocketServer.serve({ http: answer, authorize: nameOf }, (ws, name) =>
    Effect.gen(function* () {
      const room = yield* rooms.enter(name)
      yield* room.join(ws)
      yield* ws.run((message) => (typeof message === "string" ? room.say(ws, message) : undefined))
    })
  )
}

export const server = Layer.unwrapEffect(Effect.map(Broadcast.make(), serverOf))
