/**
 * The closing handshake (RFC 6455 §7.1.2, §7.1.3): each endpoint sends one Close frame, and then the handshake is over.
 *
 * States hold what is known in them, transitions are a table: a missing entry is what is not allowed, a second Close
 * frame of the same endpoint. Knows nothing of deadlines, of data, or of the transport.
 *
 * @example
 * ```ts
 * import { open, transition } from "@effect-websocket/protocol/control/ClosingHandshake"
 *
 * const sent = transition(open, "SendClose", { payload: undefined })
 * const again = sent && transition(sent, "SendClose", { payload: undefined }) // undefined: only once
 * ```
 *
 * @example
 * ```ts
 * import { initiator, open, transition } from "@effect-websocket/protocol/control/ClosingHandshake"
 *
 * const sent = transition(open, "SendClose", { payload: undefined })
 * const who = sent && initiator(sent) // "local"
 * ```
 */
import type { ClosePayload } from "./ClosePayload.js"

/** A Close frame that was sent or received; without a payload it has no code. */
export interface CloseFrame {
  readonly payload: ClosePayload | undefined
}

/** Who sent the first Close frame. */
export type Initiator = "local" | "remote"

/** No Close frame was sent or received. */
export interface Open {
  readonly _tag: "Open"
}
/** We have sent ours, and wait for the peer's. */
export interface CloseSent {
  readonly _tag: "CloseSent"
  readonly sent: CloseFrame
}
/** We have the peer's, and owe ours. */
export interface CloseReceived {
  readonly _tag: "CloseReceived"
  readonly received: CloseFrame
}
/** Both have been seen: the handshake is complete. */
export interface Closed {
  readonly _tag: "Closed"
  readonly initiator: Initiator
  readonly sent: CloseFrame
  readonly received: CloseFrame
}

/** How far the closing handshake is (§7.1). */
export type ClosingState = Open | CloseSent | CloseReceived | Closed

/** What moves it on. */
export type ClosingEvent = "SendClose" | "ReceiveClose"

type Transition<State extends ClosingState> = (state: State, frame: CloseFrame) => ClosingState

type Transitions = {
  readonly [Tag in ClosingState["_tag"]]: {
    readonly [Event in ClosingEvent]?: Transition<Extract<ClosingState, { readonly _tag: Tag }>>
  }
}

const closeSent = (_: Open, sent: CloseFrame): ClosingState => ({ _tag: "CloseSent", sent })

const closeReceived = (_: Open, received: CloseFrame): ClosingState => ({ _tag: "CloseReceived", received })

const closedByUs = ({ sent }: CloseSent, received: CloseFrame): ClosingState => ({
  _tag: "Closed",
  initiator: "local",
  sent,
  received
})

const closedByPeer = ({ received }: CloseReceived, sent: CloseFrame): ClosingState => ({
  _tag: "Closed",
  initiator: "remote",
  sent,
  received
})

/** What each event makes of each state. */
export const transitions: Transitions = {
  Open: { SendClose: closeSent, ReceiveClose: closeReceived },
  CloseSent: { ReceiveClose: closedByUs },
  CloseReceived: { SendClose: closedByPeer },
  Closed: {}
}

/** Where every connection begins. */
export const open: ClosingState = { _tag: "Open" }

/** The state after `event`; undefined: §5.5.1 does not allow it, since no endpoint sends anything after its Close frame. */
export const transition = (state: ClosingState, event: ClosingEvent, frame: CloseFrame): ClosingState | undefined => {
  const next: Transition<never> | undefined = transitions[state._tag][event]
  return next?.(state as never, frame)
}

/** Who sent the first Close frame; undefined while there is none. */
export const initiator = (state: ClosingState): Initiator | undefined => {
  switch (state._tag) {
    case "Open":
      return undefined
    case "CloseSent":
      return "local"
    case "CloseReceived":
      return "remote"
    case "Closed":
      return state.initiator
  }
}
