/**
 * The contract of a WebSocket in both roles as data: each sentence of the documentation with a program that checks it.
 *
 * Whoever writes a transport, a codec, a handshake or an engine runs these cases over it, with any test runner: provide the
 * services and a Scope, real time (the live Clock), and a fresh layer for each case. A case fails with a message that says
 * what is demanded. What a transport by itself must keep is in `transportContract`.
 */
import { aborting } from "./webSocketContract/aborting.js"
import { closing } from "./webSocketContract/closing.js"
import { flowing } from "./webSocketContract/flowing.js"
import { handshaking } from "./webSocketContract/handshaking.js"
import type { WebSocketContractCase } from "./webSocketContract/harness.js"
import { losing } from "./webSocketContract/losing.js"
import { messaging } from "./webSocketContract/messaging.js"

export type { WebSocketContractCase }

/** All cases. The Transport leads to the Listener. */
export const webSocketContract: ReadonlyArray<WebSocketContractCase> = [
  ...handshaking,
  ...messaging,
  ...flowing,
  ...closing,
  ...losing,
  ...aborting
]
