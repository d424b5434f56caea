import * as MemoryTransport from "effect-websocket/MemoryTransport"
import { contractOver } from "../support/contractOver.js"

contractOver("memory", MemoryTransport.layer)
contractOver("memory that stands for TLS", MemoryTransport.layerWith({ secure: true }))
