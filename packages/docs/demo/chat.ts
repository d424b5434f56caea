/**
 * A room: what one member says, all of them hear. Nobody waits for a member that is slow; it has to go.
 */
import { Effect, type Scope } from "effect"
import { type WebSocket, WebSocketError } from "effect-websocket"

type Member = WebSocket.WebSocket

/** What members are told, as JSON. */
type News =
  | { readonly kind: "welcome"; readonly you: string; readonly members: number }
  | { readonly kind: "notice"; readonly text: string; readonly members: number }
  | { readonly kind: "message"; readonly from: string; readonly text: string }

const maxName = 24

const tell = (member: Member, news: News): Effect.Effect<void> =>
  member.send(JSON.stringify(news), { whenFull: "fail" }).pipe(
    WebSocketError.catchReason("SendError", "QueueFull", () => Effect.fork(member.close(1013, "too slow"))),
    // Who has gone meanwhile need not be told.
    Effect.ignore
  )

export class Chat {
  private readonly members = new Map<Member, string>()
  private guests = 0

  get size(): number {
    return this.members.size
  }

  /** Takes part until the end of the Scope. */
  join(member: Member): Effect.Effect<void, never, Scope.Scope> {
    const enter = Effect.suspend(() => {
      const name = `guest ${++this.guests}`
      this.members.set(member, name)
      return Effect.zipRight(
        tell(member, { kind: "welcome", you: name, members: this.size }),
        this.notice(`${name} has come`)
      )
    })
    return Effect.asVoid(Effect.acquireRelease(enter, () => this.leave(member)))
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
    return Effect.forEach([...this.members.keys()], (member) => tell(member, news), { discard: true })
  }
}
