import type { IncomingMessage } from "node:http"
import type { AddressInfo } from "node:net"
import { describe, expect, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { CompressionChoice } from "effect-websocket/Compression"
import { reject } from "effect-websocket/Handshake"
import * as Ws from "ws"
import { deflateCases, expectDeflate, interop, type Open } from "../support/interop.js"
import { leavesNothing } from "../support/leaks.js"
import { connect, serve } from "../support/overTcp.js"
import { ofWs } from "../support/Partner.js"

/** A server of `ws` on a free port of this host; its URI. */
const wsServer = (options: Ws.ServerOptions, onSocket: (socket: Ws.WebSocket) => void = () => {}) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.async<Ws.WebSocketServer>((resume) => {
        const server: Ws.WebSocketServer = new Ws.WebSocketServer({ ...options, host: "127.0.0.1", port: 0 })
        server.on("connection", onSocket).once("listening", () => resume(Effect.succeed(server)))
      }),
      (server) =>
        Effect.async<void>((resume) => {
          for (const socket of server.clients) socket.terminate()
          server.close(() => resume(Effect.void))
        })
    ),
    (server) => `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`
  )

/** A client of `ws`; it is destroyed at the end of the Scope. */
const wsClient = (
  uri: string,
  offered: ReadonlyArray<string> = [],
  perMessageDeflate: Ws.ClientOptions["perMessageDeflate"] = false
) =>
  Effect.acquireRelease(
    Effect.sync(() => new Ws.WebSocket(uri, [...offered], { perMessageDeflate })),
    (socket) => Effect.sync(() => socket.on("error", () => {}).terminate())
  )

/** permessage-deflate, or none. */
interface Compressions {
  readonly ours?: CompressionChoice
  readonly theirs?: Ws.ClientOptions["perMessageDeflate"]
}

const withTheirServer =
  ({ ours: compression, theirs: perMessageDeflate }: Compressions = {}): Open =>
  (offered) =>
    Effect.gen(function* () {
      const socket = yield* Deferred.make<Ws.WebSocket>()
      const handleProtocols = (names: Set<string>) => (names.has("chat") ? ("chat" as const) : (false as const))
      const uri = yield* wsServer({ handleProtocols, perMessageDeflate }, (each) =>
        Deferred.unsafeDone(socket, Effect.succeed(each))
      )
      const ours = yield* connect(uri, { subprotocols: offered, compression })
      return { ours, theirs: yield* ofWs(yield* Deferred.await(socket)) }
    })

const withTheirClient =
  ({ ours: compression, theirs: perMessageDeflate }: Compressions = {}): Open =>
  (offered) =>
    Effect.gen(function* () {
      const { first, uri } = yield* serve({ subprotocols: ["chat"], compression })
      const socket = yield* wsClient(uri, offered, perMessageDeflate)
      yield* Effect.async<void>((resume) => void socket.once("open", () => resume(Effect.void)))
      return { ours: yield* first, theirs: yield* ofWs(socket) }
    })

for (const [name, open] of [
  ["our client and the server of ws", withTheirServer],
  ["our server and the client of ws", withTheirClient]
] as const) {
  interop(name, open())
  for (const [how, { agreed, ...compressions }] of Object.entries(deflateCases)) {
    interop(`${name}, deflated ${how}`, (offered) =>
      Effect.tap(open(compressions)(offered), (pair) => expectDeflate(pair, agreed))
    )
  }
}

describe("refusals between us and ws", () => {
  leavesNothing()

  it.scopedLive("RFC 6455 §4.1: their refusal is a typed error with status, fields and body", () =>
    Effect.gen(function* () {
      const uri = yield* wsServer({
        verifyClient: (_, answer) => answer(false, 401, "who are you?", { "WWW-Authenticate": "Basic" })
      })
      const error = yield* Effect.flip(connect(uri))
      if (error._tag !== "HandshakeError") return expect.unreachable(error.message)
      const { body, head } = Option.getOrThrow(error.response)
      expect(error.reason._tag).toBe("UpgradeDeclined")
      expect([head.status, head.fields.get("WWW-Authenticate")]).toEqual([401, "Basic"])
      expect(Buffer.from(body).toString()).toBe("who are you?")
    })
  )

  it.scopedLive("RFC 6455 §4.2.2: our refusal reaches their client with status, fields and body", () =>
    Effect.gen(function* () {
      const refusal = reject({ status: 401, fields: { "WWW-Authenticate": "Basic" }, body: "who are you?" })
      const { uri } = yield* serve({ authorize: () => Effect.fail(refusal) })
      const socket = yield* wsClient(uri)
      const response = yield* Effect.async<IncomingMessage>(
        (resume) => void socket.once("unexpected-response", (_, answer) => resume(Effect.succeed(answer)))
      )
      const body = yield* Effect.promise(async () => Buffer.concat(await response.toArray()).toString())
      expect([response.statusCode, response.headers["www-authenticate"], body]).toEqual([401, "Basic", "who are you?"])
    })
  )
})
