/**
 * What a client expects before it sends the body of its request (RFC 9110 §10.1.1): to be told to go on, or nothing.
 *
 * @example
 * ```ts
 * import { awaitsContinue } from "@effect-websocket/protocol/http/Expectation"
 * import { Fields } from "@effect-websocket/protocol/http/Fields"
 *
 * const fields = Fields.from({ Expect: "100-continue" })
 * awaitsContinue({ method: "POST", target: "/", version: "1.1", fields })
 * ```
 */
import { tokenList } from "./Grammar.js"
import { type HttpViolation, httpViolation } from "./HttpViolation.js"
import type { RequestHead } from "./RequestHead.js"

const unknown = httpViolation("Expectation", "RFC 9110 §10.1.1", "the only expectation is 100-continue", 417)

/** Whether the client waits for 100 (Continue), or the violation of an expectation that nobody knows. */
export const awaitsContinue = ({ fields, version }: RequestHead): boolean | HttpViolation => {
  // §10.1.1: an expectation in HTTP/1.0 is ignored.
  if (version === "1.0") return false
  const expectations = tokenList(fields.combined("Expect") ?? "")
  if (expectations?.every((each) => each.toLowerCase() === "100-continue") !== true) return unknown
  return expectations.length > 0
}
