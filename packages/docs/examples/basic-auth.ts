/** Basic authentication before the handshake is answered (Beast: "Inspecting HTTP requests" of the page on handshaking). */
import { Effect, Option, Redacted } from "effect"
import { Handshake, WebSocket, WebSocketError, WebSocketServer } from "effect-websocket"

const passwords = new Map([["ali", Redacted.make("open sesame")]])

const authorize = Handshake.basicAuth({
  realm: "caves",
  verify: ({ password, username }) => {
    const expected = passwords.get(username)
    const isRight = expected !== undefined && Handshake.sameSecret(password, expected)
    return Effect.succeed(isRight ? Option.some({ username }) : Option.none())
  }
})

/** What the policy found out is the second argument of the handler. */
export const server = WebSocketServer.serve({ authorize }, (ws, user) => ws.send(`welcome, ${user.username}`))

/** The welcome, or the status of the refusal. */
export const client = (uri: string, username: string, password: string) =>
  Effect.gen(function* () {
    const credentials = Buffer.from(`${username}:${password}`).toString("base64")
    const ws = yield* WebSocket.connect(uri, { fields: { Authorization: `Basic ${credentials}` } })
    return yield* ws.receive
  }).pipe(
    Effect.scoped,
    WebSocketError.catchReason("HandshakeError", "UpgradeDeclined", ({ response }) => Effect.succeed(response.status))
  )
