/** How a connection gives up its transport. */
import type { Role } from "@effect-websocket/protocol/bytes/Role"
import { watch } from "../waiting/Wait.js"
import type { ConnectionParts } from "./ConnectionParts.js"

/** What giving up needs. */
export type Leaving = Pick<ConnectionParts, "duplex" | "deadlines" | "limits" | "runtime">

/** At once, and what was sent is dropped. Calls back when the transport is gone. */
export const breakOff = ({ duplex, runtime }: Leaving, onGone: () => void): void => {
  watch(duplex.abort, runtime, onGone)
}

/** At once; what was sent still leaves, where the transport lets it. */
export const cutOff = (leaving: Leaving, onGone: () => void): void => {
  watch(leaving.duplex.end, leaving.runtime, () => breakOff(leaving, onGone))
}

/** In the order of RFC 6455 §7.1.1, within `closeTimeout`; what the peer sends meanwhile is discarded. */
export const tearDown = (leaving: Leaving, role: Role, onGone: () => void): void => {
  const { deadlines, duplex, limits, runtime } = leaving
  let isOver = false
  const over = () => {
    if (isOver) return
    isOver = true
    met()
    breakOff(leaving, onGone)
  }
  const met = deadlines.limit(limits.closeTimeout, () => {
    stop()
    over()
  })
  const stop = watch(duplex.teardown(role), runtime, over)
}
