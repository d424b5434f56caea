/**
 * The answer of an application's policy to a request that it refuses.
 */
import { encode } from "@effect-websocket/protocol/bytes/Utf8"
import { Fields, type FieldsInput } from "@effect-websocket/protocol/http/Fields"
import * as ResponseHead from "@effect-websocket/protocol/http/ResponseHead"
import * as Data from "effect/Data"
import type { HttpResponse } from "../WebSocketError.js"

/** A request is refused with this response. */
export class Rejected extends Data.TaggedError("Rejected")<{ readonly response: HttpResponse }> {
  override get message(): string {
    return `refused with status ${this.response.head.status}`
  }
}

/** What a refusal says. */
export interface Rejection {
  /** 400 to 599; 3xx with a `Location` to send the client elsewhere. */
  readonly status: number
  readonly fields?: FieldsInput | undefined
  /** Text in UTF-8, or octets. Default: none. */
  readonly body?: string | Uint8Array | undefined
}

/**
 * A refusal: `Content-Length` is set, and `Content-Type` for a text unless it is given.
 */
export const reject = ({ body = "", fields = Fields.empty, status }: Rejection): Rejected => {
  const octets = typeof body === "string" ? encode(body) : body
  const given = Fields.from(fields)
  const typed =
    typeof body === "string" && body !== "" && !given.has("Content-Type")
      ? given.set("Content-Type", "text/plain; charset=utf-8")
      : given
  const head = ResponseHead.make(status, typed.set("Content-Length", String(octets.length)))
  return new Rejected({ response: { head, body: octets } })
}
