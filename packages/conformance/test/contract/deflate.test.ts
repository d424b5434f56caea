/** The same contract with permessage-deflate: nothing that an application sees may differ (RFC 7692). */
import * as NodeCompression from "@effect-websocket/node/NodeCompression"
import * as NodeListener from "@effect-websocket/node/NodeListener"
import * as NodeTransport from "@effect-websocket/node/NodeTransport"
import * as Layer from "effect/Layer"
import * as MemoryTransport from "effect-websocket/MemoryTransport"
import * as StoredCompression from "effect-websocket/testing/StoredCompression"
import { contractOver } from "../support/contractOver.js"
import { deflating } from "../support/deflating.js"

const tcp = Layer.merge(NodeTransport.layerTcp(), NodeListener.layerTcp())

const eachAlone = { clientNoContextTakeover: true, serverNoContextTakeover: true }

contractOver("memory, deflated", MemoryTransport.layer, { above: deflating(NodeCompression.layer) })
contractOver("memory, in stored blocks", MemoryTransport.layer, { above: deflating(StoredCompression.layer) })
contractOver("TCP, deflated", tcp, { above: deflating(NodeCompression.layer) })
contractOver("TCP, deflated, each message on its own", tcp, { above: deflating(NodeCompression.layer, eachAlone) })
