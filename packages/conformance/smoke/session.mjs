/**
 * A session over each transport, with compression, on the runtime that runs this file; from the builds, as an application gets them.
 *
 * Prints a line for each, and ends with 1 when one of them was not as it should be. Arguments are names of transports to leave out.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { NodeCompression, NodeListener, NodeTransport } from "@effect-websocket/node"
import { Effect, Layer } from "effect"
import { Listener, MemoryTransport, WebSocket, WebSocketServer } from "effect-websocket"

const pem = (name) =>
  readFileSync(fileURLToPath(new URL(`../../node/test/fixtures/tls/${name}.pem`, import.meta.url)), "utf8")

const server = WebSocketServer.serve((ws) => ws.run((message) => ws.send(message)), { compression: true })

const said = ["hello", "again and ".repeat(10_000), Uint8Array.of(0, 255, 10)]

const session = Effect.gen(function* () {
  const ws = yield* WebSocket.connect(yield* Listener.uri("/"), { compression: true })
  for (const message of said) {
    yield* ws.send(message)
    const answer = yield* ws.receive
    if (String(answer) !== String(message)) yield* Effect.fail(new Error("the answer is another one"))
  }
  yield* ws.ping()
  const { clean } = yield* ws.close()
  if (!clean || ws.compression._tag !== "Some") yield* Effect.fail(new Error("not closed cleanly, or not compressed"))
}).pipe(Effect.scoped)

const folder = mkdtempSync(join(tmpdir(), "smoke-"))
const path = join(folder, "socket")
const places = {
  memory: MemoryTransport.layer,
  tcp: Layer.merge(NodeTransport.layerTcp(), NodeListener.layerTcp()),
  unix: Layer.merge(NodeTransport.layerUnix(path), NodeListener.layerUnix(path)),
  tls: Layer.merge(
    NodeTransport.layerTls({ ca: pem("ca") }),
    NodeListener.layerTls({ cert: pem("server"), key: pem("server-key") })
  )
}

for (const [name, place] of Object.entries(places)) {
  if (process.argv.includes(name)) continue
  const layers = Layer.provideMerge(server, Layer.mergeAll(WebSocket.layer, NodeCompression.layer, place))
  const result = await Effect.runPromise(
    session.pipe(Effect.provide(layers), Effect.timeout("20 seconds"), Effect.either)
  )
  if (result._tag === "Left") process.exitCode = 1
  console.log(`${name}: ${result._tag === "Right" ? "as it should be" : result.left.message}`)
}
rmSync(folder, { recursive: true, force: true })
