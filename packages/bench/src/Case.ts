/** What can be measured: a situation with its numbers. Peers and repetitions are the business of the Runner. */
import type { PayloadKind } from "./load/payloads.js"

/** Messages go to and fro, so many of them in flight on each connection. */
export interface EchoCase {
  readonly kind: "echo"
  /** Who is measured: the server, against the generator as client, or the other way round. */
  readonly role: "server" | "client"
  readonly payload: PayloadKind
  /** Octets of a message. */
  readonly size: number
  /** Octets of a fragment; undefined: messages are not fragmented. */
  readonly fragment?: number | undefined
  readonly connections: number
  readonly inFlight: number
  readonly tls: boolean
  readonly deflate: boolean
}

/** One sender, whose messages go to everybody: `burst` of them at once, the next when all of them have arrived everywhere. */
export interface BroadcastCase {
  readonly kind: "broadcast"
  readonly size: number
  readonly receivers: number
  readonly burst: number
}

/** Connections which are opened and closed, `parallel` at a time. */
export interface HandshakeCase {
  readonly kind: "handshakes"
  readonly parallel: number
}

/** Connections on which nothing happens: fresh, and again after two messages each. */
export interface IdleCase {
  readonly kind: "idle"
  readonly connections: number
  readonly deflate: boolean
}

/** Many connections with a message now and then, and one that floods the server with messages of `flood` octets. */
export interface FairnessCase {
  readonly kind: "fairness"
  readonly others: number
  readonly flood: number
}

/** A message so large that it could keep the server from everything else. */
export interface HoldCase {
  readonly kind: "hold"
  readonly isText: boolean
  readonly size: number
  readonly deflate: boolean
}

export type Situation = EchoCase | BroadcastCase | HandshakeCase | IdleCase | FairnessCase | HoldCase

export interface Case {
  /** For `--case`: a prefix is enough. */
  readonly name: string
  readonly title: string
  readonly situation: Situation
  /** Names of peers. */
  readonly peers: ReadonlyArray<string>
  /** Those of them that take part with `--quick`; none: the case does not belong to it. */
  readonly quick: ReadonlyArray<string>
  /** How many times as long it must be warmed up: where little happens in a second, code is compiled late. */
  readonly patience: number
}

/** How long a measurement takes, in seconds. */
export interface Times {
  readonly warmUp: number
  readonly measure: number
}

/** One measurement. Its figures depend on the kind of case; the main one comes first in `figures`. */
export type Sample = Readonly<Record<string, number>>

/** The main figures of a kind of case, with their units. */
export const figuresOf = ({ kind }: Situation): ReadonlyArray<string> => figures[kind]

const figures: Readonly<Record<Situation["kind"], ReadonlyArray<string>>> = {
  echo: ["cpu"],
  broadcast: ["cpu"],
  handshakes: ["cpu"],
  idle: ["fresh", "after"],
  fairness: ["quiet", "flooded"],
  hold: ["held"]
}
