/** A proxy as applications name it, and connections to it over the Transport beneath. */
import * as Authority from "@effect-websocket/protocol/handshake/Authority"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { type Duplex, formatAddress, type Target, type Transport } from "../Transport.js"
import { OptionError, TransportError } from "../WebSocketError.js"
import type { ProxyFault } from "./ProxyFault.js"

/** Who we are to a proxy. */
export interface ProxyCredentials {
  readonly username: string
  readonly password: Redacted.Redacted
}

/** Where a proxy is. */
export interface ProxyServer {
  /** A name, or an IP address without brackets. */
  readonly host: string
  readonly port: number
  /** Whether the proxy itself is reached over TLS, which the Transport beneath has to make. false. */
  readonly secure?: boolean | undefined
}

type Service = Transport["Type"]

/** Host and port as people write them. */
export const authorityOf = ({ host, port }: ProxyServer): string =>
  formatAddress({ _tag: "TcpAddress", hostname: host, port })

/** Checks the place of a proxy. */
export const checkServer = (server: ProxyServer): Effect.Effect<void, OptionError> => {
  const authority = Authority.parse(authorityOf(server))
  return authority?.port === server.port
    ? Effect.void
    : Effect.fail(new OptionError({ option: "proxy", rule: "a host, and a port from 1 to 65535" }))
}

/** The failure of a connection through a proxy. */
export const proxyError = (server: ProxyServer, fault: ProxyFault): TransportError =>
  new TransportError({ reason: { _tag: "Proxy", proxy: authorityOf(server), fault } })

const tlsAbove = () =>
  new TransportError({
    reason: { _tag: "Unsupported", feature: "wss: by itself: TLS is made above the proxy, not beneath it" }
  })

/**
 * Opens a connection to the proxy, and lets `negotiate` make it one to the target. What does not become one is closed at once.
 */
export const through =
  (
    lower: Service,
    server: ProxyServer,
    negotiate: (duplex: Duplex, target: Target) => Effect.Effect<Duplex, TransportError>
  ) =>
  (target: Target): Effect.Effect<Duplex, TransportError, Scope.Scope> => {
    if (target.secure) return Effect.fail(tlsAbove())
    const { host, port, secure = false } = server
    return Effect.flatMap(lower.connect({ host, port, secure }), (duplex) =>
      Effect.onError(negotiate(duplex, target), () => duplex.abort)
    )
  }
