/**
 * A room: what one member says, all of them hear. Nobody waits for a member that is slow: `Broadcast` closes it with 1013.
 */
import { Effect, type Scope } from "effect"
import { Broadcast, type WebSocket } from "effect-websocket"

type Member = WebSocket.WebSocket

/** What members are told, as JSON. */
type News =
  | { readonly kind: "welcome"; readonly you: string; readonly members: number }
  | { readonly kind: "notice"; readonly text: string; readonly members: number }
  | { readonly kind: "message"; readonly from: string; readonly text: string }

const maxName = 24

/** Who has gone meanwhile, or is too slow, need not be told. */
const tell = (member: Member, news: News): Effect.Effect<void> =>
  Effect.ignore(member.send(JSON.stringify(news), { whenFull: "fail" }))

export class Chat {
  private readonly members = new Map<Member, string>()
  private guests = 0

  /** The room of that name: its members are the receivers of the topic. */
  constructor(
    private readonly rooms: Broadcast.Broadcast<string>,
    readonly name: string
  ) {}

  /** A room that is alone. */
  static readonly make = Effect.map(Broadcast.make({ maxMessages: 64 }), (rooms) => new Chat(rooms, "chat"))

  get size(): number {
    return this.members.size
  }

  /** Takes part until the end of the Scope. */
  join(member: Member): Effect.Effect<void, never, Scope.Scope> {
    const enter = Effect.suspend(() => {
      const name = `guest ${++this.guests}`
      this.members.set(member, name)
      return Effect.as(tell(member, { kind: "welcome", you: name, members: this.size }), name)
    })
    return Effect.acquireRelease(enter, () => this.leave(member)).pipe(
      Effect.tap(() => this.rooms.subscribe(this.name, member)),
      Effect.flatMap((name) => this.notice(`${name} has come`))
    )
  }

  /** A message for all, or `/name` and a new name. */
  say(member: Member, text: string): Effect.Effect<void> {
    const from = this.members.get(member) ?? "nobody"
    if (!text.startsWith("/name ")) return this.tellAll({ kind: "message", from, text })
    const name = text.slice("/name ".length).trim().slice(0, maxName)
    if (name === "" || [...this.members.values()].includes(name)) {
      return tell(member, { kind: "notice", text: "this name is taken, or none", members: this.size })
    }
    this.members.set(member, name)
    return Effect.zipRight(
      tell(member, { kind: "welcome", you: name, members: this.size }),
      this.notice(`${from} is now ${name}`)
    )
  }

  private leave(member: Member): Effect.Effect<void> {
    return Effect.suspend(() => {
      const name = this.members.get(member)
      this.members.delete(member)
      return this.notice(`${name} has gone`)
    })
  }

  private notice(text: string): Effect.Effect<void> {
    return Effect.suspend(() => this.tellAll({ kind: "notice", text, members: this.size }))
  }

  private tellAll(news: News): Effect.Effect<void> {
    return Effect.asVoid(this.rooms.publish(this.name, JSON.stringify(news)))
  }
}
