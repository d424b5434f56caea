/**
 * What a connection is made of: the transport, what the handshake agreed on, and what all connections share.
 */
import type { AgreedDeflate } from "@effect-websocket/protocol/extension/PerMessageDeflate"
import type { Negotiated } from "@effect-websocket/protocol/handshake/Negotiated"
import type * as Runtime from "effect/Runtime"
import type { Engine, InflateSink } from "../Compression.js"
import type { Source } from "../Entropy.js"
import type { LimitValues } from "../Limits.js"
import type { Duplex } from "../Transport.js"
import type { Deadlines } from "../waiting/Deadlines.js"
import type { PreparedForm } from "./PreparedForm.js"
import type { PreparedMessage } from "./PreparedMessage.js"

/** What messages that go to many look like here, compressed. */
export interface SharedForms {
  readonly form: (prepared: PreparedMessage) => PreparedForm
}

/** Compression, when it was agreed (RFC 7692). */
export interface ConnectionCompression {
  readonly agreed: AgreedDeflate
  readonly threshold: number
  readonly open: (sink: InflateSink) => Engine
  /** For messages that go to many. */
  readonly shared: SharedForms
}

/** What a connection is made of. */
export interface ConnectionParts {
  readonly duplex: Duplex
  readonly negotiated: Negotiated
  /** The connection's own: some may change while it is open. */
  readonly limits: LimitValues
  readonly deadlines: Deadlines
  readonly entropy: Source
  readonly runtime: Runtime.Runtime<never>
  readonly compression: ConnectionCompression | undefined
}
