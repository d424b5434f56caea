/** The layers that the demo swaps: each provides both sides, `Transport` for the client and `Listener` for the server. */
import { readFileSync } from "node:fs"
import { NodeListener, NodeTransport } from "@effect-websocket/node"
import { Layer } from "effect"
import { MemoryTransport } from "effect-websocket"

/** Certificates of the tests: for localhost and 127.0.0.1, signed by a CA that only this demo trusts. */
const pem = (name: string): string =>
  readFileSync(new URL(`../../node/test/fixtures/tls/${name}.pem`, import.meta.url), "utf8")

const memory = MemoryTransport.layer

export const tcp = Layer.merge(NodeTransport.layerTcp(), NodeListener.layerTcp())

const tls = Layer.merge(
  NodeTransport.layerTls({ ca: pem("ca") }),
  NodeListener.layerTls({ cert: pem("server"), key: pem("server-key") })
)

export const transports = [
  { name: "memory", layer: memory, encrypted: false },
  { name: "TCP", layer: tcp, encrypted: false },
  { name: "TLS", layer: tls, encrypted: true }
]
