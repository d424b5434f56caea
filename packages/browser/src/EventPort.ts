/**
 * The `WebSocket` of browsers as a Port. It brings messages whether or not somebody asks, and tells of no progress in sending.
 */
import * as Effect from "effect/Effect"
import type { Message } from "effect-websocket/MessageSocket"
import type { Port, PortEvents } from "./Port.js"

/** How often it is asked what is buffered, while that is too much. No event tells. */
const pollInterval = "10 millis"

const toMessage = (data: string | ArrayBuffer): Message => (typeof data === "string" ? data : new Uint8Array(data))

/** What is made of an open object; the connection that is made is told of all that follows. */
export type OnOpen<C> = (port: Port) => C & PortEvents

const makePort = (socket: WebSocket): Port => ({
  protocol: socket.protocol,
  extensions: socket.extensions,
  isOpen: () => socket.readyState === 1,
  hasMore: () => false,
  demand: () => {},
  send: (message) => socket.send(message as string | Uint8Array<ArrayBuffer>),
  buffered: () => socket.bufferedAmount,
  progress: Effect.sleep(pollInterval),
  close: (code, reason) => (code === undefined ? socket.close() : socket.close(code, reason))
})

/** Opens; `failure` is for a handshake that failed. Interruption abandons it, or closes what is open. */
export const open = <C, E>(
  create: () => WebSocket,
  onOpen: OnOpen<C>,
  failure: (cause: unknown) => E
): Effect.Effect<C, E> =>
  Effect.async<C, E>((resume) => {
    let socket: WebSocket
    try {
      socket = create()
    } catch (cause) {
      return resume(Effect.fail(failure(cause)))
    }
    socket.binaryType = "arraybuffer"
    socket.onclose = () => resume(Effect.fail(failure(undefined)))
    socket.onopen = () => {
      const connection = onOpen(makePort(socket))
      socket.onmessage = ({ data }) => connection.onMessage(toMessage(data))
      socket.onclose = ({ code, reason, wasClean }) => {
        connection.onDone()
        connection.onEnd({ code, reason, clean: wasClean })
      }
      resume(Effect.succeed(connection))
    }
    return Effect.sync(() => {
      socket.onopen = null
      socket.close()
    })
  })
