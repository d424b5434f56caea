/**
 * Our Pings and the Pongs that answer them (RFC 6455 §5.5.2, §5.5.3), and the Pong that we owe: pure bookkeeping.
 *
 * Each Ping has a token of the caller, which comes back when it is answered. Bounded in both directions: by a number of
 * Pings, and by a single Pong. Sends nothing and knows no time.
 *
 * @example
 * ```ts
 * import { PingPong } from "@effect-websocket/protocol/control/PingPong"
 *
 * const pings = new PingPong<string>(16)
 * pings.onPing(Uint8Array.of(1), "the first")
 * const answered = pings.onPong(Uint8Array.of(1)) // ["the first"]
 * ```
 */

interface Outstanding<Token> {
  readonly payload: Uint8Array
  readonly token: Token
}

const isSame = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((octet, i) => octet === b[i])

/** The Pings that wait for their Pong, and the Pong that we owe. A token tells who has sent a Ping. */
export class PingPong<Token> {
  private pings: Array<Outstanding<Token>> = []
  private owed: Uint8Array | undefined

  /** At most `limit` of our Pings wait for their Pong. */
  constructor(private readonly limit: number) {}

  /** How many of our Pings wait for their Pong. */
  get size(): number {
    return this.pings.length
  }

  /** We send a Ping; `false`: it is one too many, and must not be sent. The payload is copied. */
  onPing(payload: Uint8Array, token: Token): boolean {
    if (this.pings.length >= this.limit) return false
    this.pings.push({ payload: new Uint8Array(payload), token })
    return true
  }

  /** A Pong has come: the tokens of the Pings that it answers, oldest first; none when nobody asked for it. */
  onPong(payload: Uint8Array): ReadonlyArray<Token> {
    const answered = this.pings.findIndex((ping) => isSame(ping.payload, payload))
    // §5.5.3: a peer may answer the newest Ping only, so the ones before it are answered too.
    return this.pings.splice(0, answered + 1).map((ping) => ping.token)
  }

  /** Nobody waits for this Pong any more. */
  forget(token: Token): void {
    this.pings = this.pings.filter((ping) => ping.token !== token)
  }

  /** No Pong will come any more: the tokens of all Pings that waited. */
  clear(): ReadonlyArray<Token> {
    return this.pings.splice(0).map((ping) => ping.token)
  }

  /** The peer has sent a Ping that is not answered yet. The payload is copied. */
  owe(payload: Uint8Array): void {
    // §5.5.3: of several Pings the newest alone may be answered.
    this.owed = new Uint8Array(payload)
  }

  /** Takes the payload of the Pong that we owe, if there is one. */
  takePong(): Uint8Array | undefined {
    const { owed } = this
    this.owed = undefined
    return owed
  }
}
