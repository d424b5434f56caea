/** What a connection asks of the object of the browser beneath it, and what it is told. */

import type * as Effect from "effect/Effect"
import type { Message } from "effect-websocket/MessageSocket"

/** An open object of the browser. */
export interface Port {
  /** The subprotocol, or "". */
  readonly protocol: string
  /** The value of Sec-WebSocket-Extensions, or "". */
  readonly extensions: string
  /** Messages are sent still: the peer has not begun to close. */
  readonly isOpen: () => boolean
  /** Messages may be read still, though the connection has ended. */
  readonly hasMore: () => boolean
  /** Asks for a message. An object that cannot be asked brings all as they come. */
  readonly demand: () => void
  /** Hands a message over. The octets may be reused afterwards. */
  readonly send: (message: Message) => void
  /** Octets that were handed over and have not left for the network yet. */
  readonly buffered: () => number
  /** Waits for a moment in which less may be buffered than now. */
  readonly progress: Effect.Effect<void>
  /** Starts the closing handshake; without a code its frame has none. */
  readonly close: (code: number | undefined, reason: string) => void
}

/** How the object of the browser says that the connection has ended. */
export interface NativeEnd {
  /** The code of the peer's Close frame, 1005 when it had none; 1006 when there was no such frame. */
  readonly code: number
  readonly reason: string
  readonly clean: boolean
}

/** What a connection is told. */
export interface PortEvents {
  readonly onMessage: (message: Message) => void
  /** Nothing can be read any more. */
  readonly onDone: () => void
  readonly onEnd: (end: NativeEnd) => void
}
