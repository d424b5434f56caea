/**
 * A handshake that the server refuses (RFC 6455 §4.2.2, RFC 7617): the client has the whole answer in a typed error.
 */
import * as RequestHead from "@effect-websocket/protocol/http/RequestHead"
import * as ResponseHead from "@effect-websocket/protocol/http/ResponseHead"
import { Effect, Option, Redacted } from "effect"
import { Handshake, Listener, WebSocket, WebSocketError, WebSocketServer } from "effect-websocket"
import { Difference, expect } from "./expect.js"
import { green, line, received, sent } from "./paper.js"

const password = Redacted.make("notes on the engine")

/** Only Ada may come in; who has been let in is the second argument of the handler. */
export const server = WebSocketServer.serve(
  {
    authorize: Handshake.basicAuth({
      realm: "demo",
      verify: (given) =>
        Effect.succeed(
          given.username === "ada" && Handshake.sameSecret(given.password, password)
            ? Option.some(given.username)
            : Option.none()
        )
    })
  },
  (ws, user) => ws.send(`Welcome, ${user}`)
)

const text = (octets: Uint8Array): string => new TextDecoder().decode(octets)

/** The typed failure of `connect`, or a difference when it did not fail in this way. */
const refusal = (uri: string) =>
  WebSocket.connect(uri).pipe(
    Effect.flatMap(() =>
      Effect.fail(new Difference({ what: "the handshake", actual: "accepted", expected: "refused" }))
    ),
    WebSocketError.catchReason("HandshakeError", "UpgradeDeclined", (reason, error) =>
      Effect.succeed({ reason, error })
    ),
    Effect.scoped
  )

const showRefusal = Effect.gen(function* () {
  const { error, reason } = yield* refusal(yield* Listener.uri("/"))
  yield* sent("request", RequestHead.format(Option.getOrThrow(error.request)))
  yield* received("response", ResponseHead.format(reason.response))
  yield* received("body", text(reason.body).trimEnd())
  yield* line("failure", `${error._tag}, reason ${reason._tag}, status ${reason.response.status} ${green("✓")}`)
  yield* line("", error.message)
  yield* expect("the status", reason.response.status, 401)
  yield* expect("the challenge", reason.response.fields.get("WWW-Authenticate"), 'Basic realm="demo", charset="UTF-8"')
  yield* expect("the body", text(reason.body), "credentials are required\n")
})

const showAccepted = Effect.gen(function* () {
  const uri = new URL(yield* Listener.uri("/"))
  uri.username = "ada"
  uri.password = Redacted.value(password)
  const ws = yield* WebSocket.connect(uri)
  const welcome = yield* ws.receive
  yield* expect("the welcome", welcome, "Welcome, ada")
  yield* line("again", `with credentials: ${String(welcome)} ${green("✓")}`)
}).pipe(Effect.scoped)

/** Refused without credentials, accepted with them. */
export const refused = Effect.zipRight(showRefusal, showAccepted)
