/**
 * The files of the chat page, answered on the same port as the WebSockets (RFC 9110).
 */
import { readFileSync } from "node:fs"
import { Effect } from "effect"
import { Handshake, type WebSocketServer } from "effect-websocket"

const page = (name: string, type: string) => ({
  type: `${type}; charset=utf-8`,
  body: readFileSync(new URL(`./page/${name}`, import.meta.url))
})

/** What there is, by path. */
const pages = new Map([
  ["/", page("chat.html", "text/html")],
  ["/chat.css", page("chat.css", "text/css")],
  ["/chat.js", page("chat.js", "text/javascript")]
])

/** The page loads nothing from elsewhere, runs no inline script, and is not framed. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; frame-ancestors 'none'"

/** Answers GET and HEAD. */
export const answer: WebSocketServer.HttpHandler = (request) => {
  const { head } = request
  if (head.method !== "GET" && head.method !== "HEAD") {
    return Effect.succeed({ status: 405, fields: { Allow: "GET, HEAD" } })
  }
  const found = pages.get(Handshake.pathOf(request))
  if (found === undefined) return Effect.succeed({ status: 404, body: "there is no such page\n" })
  const fields = {
    "Content-Type": found.type,
    "Content-Security-Policy": policy,
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store"
  }
  return Effect.succeed({ status: 200, fields, body: found.body })
}
