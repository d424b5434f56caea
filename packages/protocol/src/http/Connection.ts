/**
 * Whether a connection persists behind a message (RFC 9112 §9.3), as far as its head says.
 *
 * @example
 * ```ts
 * import { keepAlive } from "@effect-websocket/protocol/http/Connection"
 * import { Fields } from "@effect-websocket/protocol/http/Fields"
 *
 * keepAlive({ method: "GET", target: "/", version: "1.1", fields: Fields.from({ Connection: "close" }) }) // false
 * ```
 */
import { tokenList } from "./Grammar.js"
import type { RequestHead } from "./RequestHead.js"
import type { ResponseHead } from "./ResponseHead.js"

/** Whether the sender lets another message follow on the connection. Stricter: not when the Connection field is malformed. */
export const keepAlive = ({ fields, version }: RequestHead | ResponseHead): boolean => {
  const options = tokenList(fields.combined("Connection") ?? "")?.map((option) => option.toLowerCase())
  if (options === undefined || options.includes("close")) return false
  // §9.3: HTTP/1.1 persists by default, HTTP/1.0 when it says so.
  return version === "1.1" || options.includes("keep-alive")
}
