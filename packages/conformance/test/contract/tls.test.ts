import * as NodeListener from "@effect-websocket/node/NodeListener"
import * as NodeTransport from "@effect-websocket/node/NodeTransport"
import * as Layer from "effect/Layer"
import { ca, server } from "../support/certificates.js"
import { contractOver } from "../support/contractOver.js"

const tlsOverTcp = Layer.provide(NodeTransport.layerTlsOver({ ca }), NodeTransport.layerTcp())

contractOver("TLS", Layer.merge(NodeTransport.layerTls({ ca }), NodeListener.layerTls(server)))
contractOver("TLS as a layer over TCP", Layer.merge(tlsOverTcp, NodeListener.layerTls(server)))
