import * as NodeListener from "@effect-websocket/node/NodeListener"
import * as NodeTransport from "@effect-websocket/node/NodeTransport"
import * as Layer from "effect/Layer"
import { contractOver } from "../support/contractOver.js"

contractOver("TCP", Layer.merge(NodeTransport.layerTcp(), NodeListener.layerTcp()))
