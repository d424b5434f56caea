/** Octets that are to be sent as text must be UTF-8 (RFC 6455 §5.6). */
import { Utf8Validator } from "@effect-websocket/protocol/bytes/Utf8"
import { cut, type Fragment } from "@effect-websocket/protocol/message/Fragmenter"
import * as Effect from "effect/Effect"
import { hostTurn } from "../host/HostTurn.js"
import { SendError } from "../WebSocketError.js"

/** Longer texts are encoded, and longer octets checked, in parts of this size: at once it would take long. */
export const partSize = 256 * 1024

/** What is to be sent as text is none. */
export const badText = new SendError({ reason: { _tag: "BadText" } })

/** Fails when the octets are no text. Long ones are checked in parts, with a turn of the event loop after each. */
export const demandText = (octets: Uint8Array): Effect.Effect<void, SendError> => {
  const validator = new Utf8Validator()
  const check = ({ end, fin, start }: Fragment): Effect.Effect<void, SendError> => {
    const isText = validator.push(octets, start, end) === -1 && (!fin || validator.isComplete)
    if (!isText) return Effect.fail(badText)
    return fin ? Effect.void : hostTurn
  }
  return Effect.forEach(cut(octets.length, partSize), check, { discard: true })
}
