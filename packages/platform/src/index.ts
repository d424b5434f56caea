/** effect-websocket inside of @effect/platform: Socket, SocketServer, HTTP applications, and @effect/rpc. */
export * as PlatformHttpServer from "./PlatformHttpServer.js"
export * as PlatformSocket from "./PlatformSocket.js"
export * as PlatformSocketServer from "./PlatformSocketServer.js"
export * as RpcWebSocket from "./RpcWebSocket.js"
export * as SocketTransport from "./SocketTransport.js"
export * as WebSocketUpgrade from "./WebSocketUpgrade.js"
