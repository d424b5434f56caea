/** What a listener of Node.js may be told. */
import type * as net from "node:net"
import type * as Duration from "effect/Duration"

/** Options of every listener. */
export interface ListenOptions {
  /** Connections which may wait for `accept`, in the kernel and once more here. 511, as Node.js has it. */
  readonly backlog?: number | undefined
}

/** Options of TCP. Those without a comment are what `net.Server` of Node.js says of them. */
export interface TcpOptions extends ListenOptions, Pick<net.ListenOptions, "exclusive" | "ipv6Only"> {
  /** The address to listen on. `127.0.0.1`, so that nobody but this host is served unless it was said; `::` is everybody. */
  readonly host?: string | undefined
  /** 0, for one that the system chooses. */
  readonly port?: number | undefined
  /** Sends small segments at once, without Nagle's algorithm. true. */
  readonly noDelay?: boolean | undefined
  /** Whether the kernel probes idle connections. false. */
  readonly keepAlive?: boolean | undefined
  /** Silence before the first probe. What the kernel has. */
  readonly keepAliveInitialDelay?: Duration.DurationInput | undefined
}

/** Options of a Unix socket, as `net.Server` of Node.js has them. */
export interface UnixOptions extends ListenOptions, Pick<net.ListenOptions, "readableAll" | "writableAll"> {}
