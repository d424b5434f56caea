import * as NodeListener from "@effect-websocket/node/NodeListener"
import * as NodeTransport from "@effect-websocket/node/NodeTransport"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { contractOver } from "../support/contractOver.js"
import { socketPath } from "../support/temporary.js"

contractOver(
  "a Unix socket",
  Layer.unwrapScoped(
    Effect.map(socketPath, (path) => Layer.merge(NodeTransport.layerUnix(path), NodeListener.layerUnix(path)))
  )
)
