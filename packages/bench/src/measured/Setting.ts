/**
 * What a measured program is asked to be: one JSON argument on its command line.
 *
 * The same for servers and clients and for every library, so that a peer differs from another by its program alone.
 */

export interface Setting {
  /** The way of one library to do it, where it has several: `pull`, `run`, `messages`, `sendAll`, `run+metrics`, `route`, `socket`. */
  readonly style: string
  /** A message goes back to its sender, or to everybody. */
  readonly mode: "echo" | "broadcast"
  readonly tls: boolean
  /** Whether permessage-deflate is accepted. */
  readonly deflate: boolean
  /** Of a client: where to connect to, and how often. */
  readonly port: number
  readonly connections: number
  /** Octets of the largest message a server has to take; unless it is given, as many as its library says. */
  readonly largest?: number
}

/** The setting of this process. */
export const setting = (): Setting => JSON.parse(process.argv[2] ?? "{}")

/** The address a client connects to. */
export const uriOf = ({ port }: Setting): string => `ws://127.0.0.1:${port}/`
