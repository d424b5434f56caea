/**
 * What an application has sent with the synchronous interface of browsers, until the connection takes it; in order, the closing too.
 *
 * It is not bounded: that interface has `bufferedAmount` instead, and leaves it to the application.
 */
import * as Effect from "effect/Effect"
import type { Message, WebSocket } from "effect-websocket/WebSocket"

/** The application closed before there was a connection. */
export const givenUp: unique symbol = Symbol("@effect-websocket/platform/givenUp")

export class WebSocketOutbox {
  private waiting: Array<Message> = []
  private closing: { readonly code: number; readonly reason: string } | undefined
  private wake: (() => void) | undefined
  private ws: WebSocket | undefined

  /** Octets that wait. */
  get octets(): number {
    return this.waiting.reduce((sum, message) => sum + Buffer.byteLength(message), 0)
  }

  push(message: Message): void {
    if (this.waiting.length === 0 && this.ws?.unsafeSend(message) === true) return
    this.waiting.push(message)
    this.wake?.()
  }

  close(code: number, reason: string): void {
    this.closing = { code, reason }
    this.wake?.()
  }

  /** Fails when the application closes, which before there is a connection means that it wants none. */
  readonly untilClosing: Effect.Effect<never, typeof givenUp> = Effect.suspend(() =>
    this.closing === undefined ? Effect.zipRight(this.woken, this.untilClosing) : Effect.fail(givenUp)
  )

  /** Sends what is pushed until the connection is closed, by whomever. */
  drain(ws: WebSocket): Effect.Effect<void> {
    const next: Effect.Effect<void> = Effect.suspend(() => {
      const message = this.waiting[0]
      if (message !== undefined)
        return Effect.zipRight(
          Effect.map(ws.send(message), () => this.sent()),
          next
        )
      if (this.closing !== undefined) return Effect.asVoid(ws.close(this.closing.code, this.closing.reason))
      return Effect.zipRight(this.woken, next)
    }).pipe(Effect.ignore)
    return Effect.suspend(() => {
      this.ws = ws
      return next
    })
  }

  private sent(): void {
    this.waiting.shift()
  }

  private readonly woken = Effect.async<void>((resume) => {
    this.wake = () => resume(Effect.void)
  })
}
