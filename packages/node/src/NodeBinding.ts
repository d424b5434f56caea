/** A server of Node.js, bound to its address: TCP, or a Unix socket. */
import type * as net from "node:net"
import * as Effect from "effect/Effect"
import * as Runtime from "effect/Runtime"
import { type Address, formatAddress } from "effect-websocket/Transport"
import type { TransportError } from "effect-websocket/WebSocketError"
import * as NodeError from "./NodeError.js"
import * as StaleSocket from "./StaleSocket.js"

/** Where a server listens, and how. */
export interface Binding {
  readonly address: Address
  readonly listen: net.ListenOptions
}

const listening = (server: net.Server, { address, listen }: Binding) =>
  Effect.flatMap(Effect.runtime<never>(), (runtime) =>
    Effect.async<void, TransportError>((resume) => {
      const onError = (cause: unknown) => resume(Effect.fail(NodeError.listen(formatAddress(address), cause)))
      const onListening = () => {
        // What the system says later, such as that too many files are open, passes: the server listens on.
        server.off("error", onError)
        server.on("error", (error) => Runtime.runFork(runtime)(Effect.logWarning("accepting a connection", error)))
        resume(Effect.void)
      }
      server.once("error", onError)
      try {
        server.listen(listen, onListening)
      } catch (cause) {
        onError(cause)
      }
    })
  )

/** With a stale socket out of the way the second attempt is the last. */
const listeningUnix = (server: net.Server, binding: Binding, path: string) =>
  Effect.catchIf(
    listening(server, binding),
    ({ cause }) => (cause as NodeJS.ErrnoException | undefined)?.code === "EADDRINUSE",
    (error) =>
      Effect.flatMap(StaleSocket.remove(path), (removed) => (removed ? listening(server, binding) : Effect.fail(error)))
  )

/** Listens; gives the address, with the port that the system chose. */
export const bind = (server: net.Server, binding: Binding): Effect.Effect<Address, TransportError> => {
  const { address } = binding
  const begun =
    address._tag === "UnixAddress" ? listeningUnix(server, binding, address.path) : listening(server, binding)
  return Effect.map(begun, () => bound(server, address))
}

const bound = (server: net.Server, asked: Address): Address => {
  const address = server.address()
  return address === null || typeof address === "string"
    ? asked
    : { _tag: "TcpAddress", hostname: address.address, port: address.port }
}
