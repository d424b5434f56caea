/**
 * The answer of an application's policy to a request that it refuses.
 */
import * as Data from "effect/Data"
import { type HttpAnswer, toResponse } from "../http/HttpAnswer.js"
import type { HttpResponse } from "../WebSocketError.js"

/** A request is refused with this response; its framing is set when it is sent. */
export class Rejected extends Data.TaggedError("Rejected")<{ readonly response: HttpResponse }> {
  override get message(): string {
    return `refused with status ${this.response.head.status}`
  }
}

/** What a refusal says. Its status is from 400 to 599; or 3xx, with a `Location` to send the client elsewhere. */
export interface Rejection extends HttpAnswer {}

/** A refusal. `Content-Length` is set, and `Content-Type` for a text unless it is given. */
export const reject = (rejection: Rejection): Rejected => new Rejected({ response: toResponse(rejection) })
