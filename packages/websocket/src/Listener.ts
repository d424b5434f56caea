/**
 * Accepts connections for servers: the counterpart of `Transport`.
 *
 * The layer that provides a Listener has bound its address already; connections wait until `accept` runs.
 *
 * @example
 * ```ts
 * import { NodeListener } from "@effect-websocket/node"
 * import { Effect } from "effect"
 * import { Listener } from "effect-websocket"
 *
 * // Such as ws://127.0.0.1:49152/chat
 * const address = Effect.provide(Listener.uri("/chat"), NodeListener.layerTcp({ port: 0 }))
 * ```
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Address, Duplex } from "./Transport.js"
import type { TransportError } from "./WebSocketError.js"

/** Accepts connections. */
export class Listener extends Context.Tag("effect-websocket/Listener")<
  Listener,
  {
    /** Where it listens; with port 0 the port that the system chose. */
    readonly address: Address
    /**
     * Whether clients are to connect encrypted (TLS): it decides the scheme of `uri`. One that takes both kinds says true; of a
     * connection `duplex.info.encrypted` tells.
     */
    readonly secure: boolean
    /**
     * Runs `use` for each connection, in a fiber and a Scope of its own, until interrupted. Interruption stops accepting,
     * interrupts what runs, and waits for it. A failure is one of the listener itself; that of `use` tells the finalizers of its
     * Scope how it ended, and nobody else.
     */
    readonly accept: <R>(
      use: (duplex: Duplex) => Effect.Effect<unknown, unknown, R>
    ) => Effect.Effect<never, TransportError, Exclude<R, Scope.Scope>>
  }
>() {}

const authority = (address: Address): string => {
  switch (address._tag) {
    case "TcpAddress": {
      const host = address.hostname.includes(":") ? `[${address.hostname}]` : address.hostname
      return `${host}:${address.port}`
    }
    case "UnixAddress":
      return "localhost"
    case "MemoryAddress":
      return address.name
  }
}

/** The URI under which a client reaches the Listener, for instance `ws://127.0.0.1:8080/chat`. */
export const uri = (target = "/"): Effect.Effect<string, never, Listener> =>
  Effect.map(Listener, ({ address, secure }) => `${secure ? "wss" : "ws"}://${authority(address)}${target}`)
