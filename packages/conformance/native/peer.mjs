/**
 * The WebSocket of Bun or of Deno as the other side of one connection: does what it is told on its input, tells on its output
 * what happens.
 *
 *   peer.mjs server [name=value …]                       listens on a free port of 127.0.0.1
 *   peer.mjs client <host> <port> <target> [name=value …]
 *
 * Commands and events are those of beast-peer.cpp. Options: subprotocol, deflate=1. The program ends with its input.
 */
import { Buffer } from "node:buffer"
import process from "node:process"

const { Bun, Deno } = globalThis

const tell = (words, octets = "") => {
  const payload = Buffer.from(octets)
  process.stdout.write(Buffer.concat([Buffer.from(`${words} ${payload.length}\n`), payload]))
}

const onMessage = (data) => (typeof data === "string" ? tell("text", data) : tell("binary", new Uint8Array(data)))

const onClose = (code, reason) =>
  code === 1006 ? tell("failed eof") : tell(`closed ${code === 1005 ? 0 : code}`, reason)

/** The socket, when it is open. */
let socket

const close = (code, reason) => (code === 0 ? socket.close() : socket.close(code, reason))

const commands = {
  message: ([kind], payload) => socket.send(kind === "text" ? payload.toString() : new Uint8Array(payload)),
  // Only a server of Bun has these two.
  ping: (_, payload) => socket.ping(payload),
  terminate: () => socket.terminate(),
  close: ([code], payload) => close(Number(code), payload.toString())
}

const opened = (protocol, extensions) => tell("open 0 0 0", `${protocol}\n${extensions}`)

/** A WebSocket as browsers have it. */
const standard = (made, protocol) => {
  socket = made
  socket.binaryType = "arraybuffer"
  socket.onopen = () => opened(protocol ?? socket.protocol, socket.extensions)
  socket.onmessage = ({ data }) => onMessage(data)
  // Deno has 1005 for an end without a Close frame.
  socket.onclose = ({ code, reason, wasClean }) => onClose(wasClean ? code : 1006, reason)
  socket.onerror = () => {}
}

const negotiated = (request) => {
  const offered = request.headers.get("sec-websocket-protocol") ?? ""
  return offered.split(", ").includes("chat") ? "chat" : undefined
}

const bunServer = ({ deflate }) => {
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => {
      const protocol = negotiated(request)
      const headers = protocol === undefined ? undefined : { "Sec-WebSocket-Protocol": protocol }
      server.upgrade(request, { headers, data: protocol ?? "" })
    },
    websocket: {
      perMessageDeflate: deflate === "1",
      maxPayloadLength: 16 * 1024 * 1024,
      backpressureLimit: 64 * 1024 * 1024,
      open: (made) => {
        socket = made
        opened(made.data, "")
      },
      message: (_, data) => onMessage(data),
      pong: (_, payload) => tell("pong", payload),
      close: (_, code, reason) => onClose(code, reason)
    }
  })
  tell(`listening ${server.port}`)
}

const denoServer = () => {
  const serve = (request) => {
    const protocol = negotiated(request)
    const upgrade = Deno.upgradeWebSocket(request, { protocol, idleTimeout: 0 })
    // On its servers the socket does not tell what was agreed on.
    standard(upgrade.socket, protocol ?? "")
    return upgrade.response
  }
  Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: ({ port }) => tell(`listening ${port}`) }, serve)
}

const optionsOf = (words) => Object.fromEntries(words.map((word) => word.split("=")))

const client = (host, port, target, ...words) => {
  const { deflate, subprotocol = "" } = optionsOf(words)
  const uri = `ws://${host}:${port}${target}`
  const protocols = subprotocol.split(", ").filter((name) => name !== "")
  standard(Bun ? new WebSocket(uri, { protocols, perMessageDeflate: deflate === "1" }) : new WebSocket(uri, protocols))
}

let held = Buffer.alloc(0)

process.stdin.on("data", (chunk) => {
  held = Buffer.concat([held, chunk])
  for (;;) {
    const line = held.indexOf("\n")
    if (line < 0) return
    const [name, ...words] = held.toString("utf8", 0, line).split(" ")
    const end = line + 1 + Number(words.pop())
    if (held.length < end) return
    const payload = held.subarray(line + 1, end)
    held = held.subarray(end)
    commands[name](words, payload)
  }
})
process.stdin.on("end", () => process.exit(0))

const [role, ...words] = process.argv.slice(2)
if (role === "client") client(...words)
else if (Bun) bunServer(optionsOf(words))
else denoServer()
