/**
 * The peers: what is measured side by side, and which program does it in which role.
 *
 * A peer takes part in every case it is able to; what it is not able to is a cell with the reason in it, never one that is
 * missing. All of them run as a user would run them: this library from its build, under plain Node.js.
 */
import { fileURLToPath } from "node:url"
import * as Beast from "./Beast.js"
import type { Situation } from "./Case.js"
import type { Program } from "./load/MeasuredProcess.js"

export interface Peer {
  /** For `--peers`. */
  readonly name: string
  readonly title: string
  /** Its own style, where several peers are one program. */
  readonly style: string
  readonly server?: string
  readonly client?: string
  readonly env?: Readonly<Record<string, string>>
  /** What it cannot do yet, or at all. */
  readonly lacks: ReadonlyArray<Ability>
  readonly isRaw?: boolean
}

type Ability = "deflate" | "tls" | "broadcast"

const own = (style: string, title: string): Peer => ({
  name: style,
  title,
  style,
  server: "ownServer",
  client: "ownClient",
  lacks: []
})

/** In the order of the tables. */
export const peers: ReadonlyArray<Peer> = [
  {
    name: "net",
    title: "raw net",
    style: "",
    server: "netServer",
    client: "netClient",
    lacks: ["deflate"],
    isRaw: true
  },
  own("pull", "ours, pull"),
  own("run", "ours, run"),
  own("messages", "ours, messages"),
  own("sendAll", "ours, sendAll"),
  own("run+metrics", "ours, watched"),
  {
    name: "ws",
    title: "ws",
    style: "",
    server: "wsServer",
    client: "wsClient",
    env: { WS_NO_BUFFER_UTIL: "1" },
    lacks: []
  },
  { name: "ws+bufferutil", title: "ws + bufferutil", style: "", server: "wsServer", client: "wsClient", lacks: [] },
  { name: "undici", title: "undici", style: "", client: "undiciClient", lacks: [] },
  { name: "route", title: "Effect route", style: "route", server: "platformServer", lacks: ["deflate", "tls"] },
  {
    name: "socket",
    title: "Effect Socket",
    style: "socket",
    server: "platformServer",
    client: "platformClient",
    lacks: ["deflate", "tls"]
  },
  { name: "beast", title: "Beast (C++)", style: "", server: "beast", lacks: ["tls"] }
]

/** The peer of that name. */
export const peerOf = (name: string): Peer => {
  const peer = peers.find((other) => other.name === name)
  if (peer === undefined) throw new Error(`no peer ${name}; there are ${peers.map((other) => other.name).join(", ")}`)
  return peer
}

const abilities = (situation: Situation): ReadonlyArray<Ability> => {
  if (situation.kind === "broadcast") return ["broadcast"]
  const deflate = "deflate" in situation && situation.deflate
  const tls = "tls" in situation && situation.tls
  return [...(deflate ? (["deflate"] as const) : []), ...(tls ? (["tls"] as const) : [])]
}

/** The program of a peer for a situation, or the reason why there is none. */
export const programOf = (peer: Peer, situation: Situation, extra: ReadonlyArray<string> = []): Program | string => {
  const lacking = abilities(situation).find((ability) => peer.lacks.includes(ability))
  if (lacking !== undefined) return peer.server === "ownServer" ? "not there yet" : `no ${lacking}`
  const name = situation.kind === "echo" && situation.role === "client" ? peer.client : peer.server
  if (name === undefined) return "not in this role"
  if (name === "beast") return Beast.program()
  const file = fileURLToPath(new URL(`measured/${name}.js`, import.meta.url))
  const collect = situation.kind === "idle" ? ["--expose-gc"] : []
  return { command: process.execPath, args: [...collect, ...extra, file], env: peer.env ?? {} }
}
