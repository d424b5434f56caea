/**
 * `npm start`: the same program over three transports, then two handshakes that fail.
 */
import { Effect, Layer } from "effect"
import { WebSocket } from "effect-websocket"
import { expect } from "./expect.js"
import { interrupted } from "./interrupted.js"
import { bold, green, heading, line } from "./paper.js"
import * as Refused from "./refused.js"
import * as Session from "./session.js"
import { tcp, transports } from "./transports.js"

/** Sockets and listeners of this process that are open. */
const sockets = Effect.sync(() => process.getActiveResourcesInfo().filter((name) => /TCP|TLS/.test(name)))

/** A turn of the event loop later nothing may be open that was opened. */
const nothingIsOpen = Effect.gen(function* () {
  yield* Effect.sleep("1 millis")
  yield* expect("what is left open", yield* sockets, [])
  yield* line("left open", `nothing ${green("✓")}`)
})

const sessions = Effect.forEach(
  transports,
  ({ encrypted, layer, name }) =>
    Effect.gen(function* () {
      yield* heading(name)
      const info = yield* Session.session.pipe(
        Effect.provide(Session.server),
        Effect.provide(Layer.merge(WebSocket.layer, layer))
      )
      yield* expect("encrypted", info.encrypted, encrypted)
      yield* nothingIsOpen
    }),
  { discard: true }
)

const refused = Effect.gen(function* () {
  yield* heading("a handshake that is refused")
  yield* Effect.provide(Refused.refused, Layer.provideMerge(Refused.server, Layer.merge(WebSocket.layer, tcp)))
  yield* nothingIsOpen
})

const silent = Effect.gen(function* () {
  yield* heading("a server that never answers")
  yield* Effect.provide(interrupted, Layer.merge(WebSocket.layer, tcp))
  yield* nothingIsOpen
})

export const tour = Effect.gen(function* () {
  yield* Effect.sync(() =>
    console.log(bold("effect-websocket: one program, three transports; two handshakes that fail"))
  )
  yield* sessions
  yield* refused
  yield* silent
  yield* Effect.sync(() => console.log(`\n${green("All is as it should be.")} Next: npm start -- serve, or npm test\n`))
})
