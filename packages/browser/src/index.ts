/** The WebSocket of browsers as a client for effect-websocket. */
export * as BrowserWebSocket from "./BrowserWebSocket.js"
