/** TCP, TLS, Unix sockets and zlib of Node.js as layers for effect-websocket. */
export * as NodeCompression from "./NodeCompression.js"
export * as NodeDuplex from "./NodeDuplex.js"
export * as NodeHttpUpgrade from "./NodeHttpUpgrade.js"
export * as NodeListener from "./NodeListener.js"
export * as NodeStream from "./NodeStream.js"
export * as NodeTransport from "./NodeTransport.js"
