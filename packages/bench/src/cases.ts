/**
 * All cases, in the order of the tables.
 *
 * In flight are 64 messages up to 1 KiB, and less of larger ones: what a real peer has under way is bounded by octets, and
 * what is not bounded would only measure the buffers of the kernel.
 */
import type { Case, EchoCase } from "./Case.js"
import type { PayloadKind } from "./load/payloads.js"

const basic = ["net", "pull", "run", "messages", "ws", "ws+bufferutil"]
const servers = [...basic, "route", "beast"]
const everybody = [...servers, "sendAll", "socket"]
const clients = [...basic, "undici", "socket"]
const strings = ["net", "pull", "messages", "ws"]
const quickServers = ["net", "pull", "messages", "ws", "beast"]
const quickLarge = ["net", "pull", "ws", "ws+bufferutil", "beast"]
const compressing = ["pull", "run", "ws", "beast"]

const kib = 1024
const mib = 1024 * kib

const plain: EchoCase = {
  kind: "echo",
  role: "server",
  payload: "binary",
  size: 125,
  connections: 1,
  inFlight: 1,
  tls: false,
  deflate: false
}

/** As in the names of cases: 125, 1k, 1m. */
const short = (size: number): string => (size >= mib ? `${size / mib}m` : size >= kib ? `${size / kib}k` : `${size}`)

/** As in titles: 125 B, 1 KiB, 1 MiB. */
const long = (size: number): string =>
  size >= mib ? `${size / mib} MiB` : size >= kib ? `${size / kib} KiB` : `${size} B`

const load = ({ connections, inFlight }: EchoCase): string =>
  `${connections} ${connections === 1 ? "connection" : "connections"}, ${inFlight} in flight`

const echo = (name: string, label: string, changes: Partial<EchoCase>, rest: Partial<Case> = {}): Case => {
  const situation = { ...plain, ...changes }
  return {
    name: `${name}-${short(situation.size)}-${situation.connections}x${situation.inFlight}`,
    title: `${long(situation.size)}${label}, ${load(situation)}`,
    situation,
    peers: basic,
    quick: [],
    // TLS has much code to be compiled, and many messages of a MiB take their time.
    patience: situation.size >= mib ? 3 : situation.tls ? 2 : 1,
    ...rest
  }
}

const window = (size: number): number => (size <= kib ? 64 : size <= 16 * kib ? 16 : size <= 64 * kib ? 8 : 4)

/** Not more than 64 MiB are in flight altogether. */
const inFlightOf = (size: number, connections: number): number =>
  Math.max(1, Math.min(window(size), (64 * mib) / size / connections))

/** What everybody is asked for, and what the targets are about. */
const headlines: Readonly<Record<string, Pick<Case, "peers" | "quick">>> = {
  "echo-125-1x1": { peers: servers, quick: quickServers },
  "echo-125-16x64": { peers: everybody, quick: quickServers },
  "echo-1k-16x64": { peers: servers, quick: quickServers },
  "echo-16k-16x16": { peers: [...basic, "beast"], quick: quickLarge },
  "echo-1m-1x4": { peers: [...basic, "beast"], quick: quickLarge }
}

/** Elsewhere not everybody is asked: `run` costs what `pull` does, bufferutil does nothing for small messages, and Streams nothing to large ones. */
const others = (size: number): ReadonlyArray<string> =>
  size <= kib ? ["net", "pull", "messages", "ws"] : ["net", "pull", "ws", "ws+bufferutil"]

const grid = (): ReadonlyArray<Case> => {
  const found = new Map<string, Case>()
  for (const size of [16, 125, kib, 16 * kib, 64 * kib, mib]) {
    for (const connections of [1, 16, 64]) {
      for (const inFlight of [1, inFlightOf(size, connections)]) {
        const one = echo("echo", "", { size, connections, inFlight }, { peers: others(size) })
        found.set(one.name, { ...one, ...headlines[one.name] })
      }
    }
  }
  return [...found.values()]
}

const texts = (["ascii", "json", "multibyte"] satisfies ReadonlyArray<PayloadKind>).flatMap((payload) =>
  [125, kib].map((size) =>
    echo(
      `text-${payload}`,
      ` of text (${payload})`,
      { payload, size, connections: 16, inFlight: 64 },
      { peers: strings }
    )
  )
)

const fragmented = echo(
  "fragments",
  " in fragments of 64 B",
  { size: kib, fragment: 64, connections: 16, inFlight: 16 },
  { quick: ["net", "pull", "ws"] }
)

/** What watching costs, and that it costs nothing when nobody does: `run` is as in the case of the same load. */
const watched = [
  { size: 125, connections: 16, inFlight: 64 },
  { size: 125, connections: 16, inFlight: 1 },
  { size: 16 * kib, connections: 16, inFlight: 16 }
].map((changes) => echo("watched", ", metrics and spans", changes, { peers: ["run", "run+metrics"] }))

const broadcasts: ReadonlyArray<Case> = [100, 1000].flatMap((receivers) =>
  [1, 4].map((burst) => ({
    name: `broadcast-${receivers}x${burst}`,
    title: `broadcast of 125 B to ${receivers}, ${burst} at a time, per delivery`,
    situation: { kind: "broadcast", size: 125, receivers, burst },
    peers: ["net", "run", "ws", "ws+bufferutil", "route", "beast"],
    quick: receivers === 1000 && burst === 4 ? ["net", "run", "ws", "beast"] : [],
    patience: 1
  }))
)

const handshakes: Case = {
  name: "handshakes",
  title: "opening and closing handshake, 8 in parallel",
  situation: { kind: "handshakes", parallel: 8 },
  peers: ["net", "run", "ws", "route", "socket", "beast"],
  quick: ["net", "run", "ws", "route"],
  // Before the code of Effect is compiled a handshake costs three times as much.
  patience: 6
}

const idle = (connections: number, deflate: boolean): Case => ({
  name: `idle-${deflate ? "deflate-" : ""}${connections}`,
  title: `${connections} idle connections${deflate ? ", permessage-deflate" : ""}`,
  situation: { kind: "idle", connections, deflate },
  peers: deflate ? compressing : ["net", "pull", "run", "messages", "ws", "route", "socket", "beast"],
  quick: [],
  patience: 1
})

/** The same load for each connection, and ever more of them. */
const growth = [16, 1000, 10_000].map((connections) =>
  echo("growth", "", { connections }, { peers: ["net", "run", "ws"] })
)

const fairness = [125, 64 * kib].map(
  (flood): Case => ({
    name: `fairness-${short(flood)}`,
    title: `100 connections while another one floods with messages of ${long(flood)}`,
    situation: { kind: "fairness", others: 100, flood },
    peers: ["net", "pull", "run", "ws"],
    quick: [],
    patience: 2
  })
)

const holds = (
  [
    ["octets", { isText: false, deflate: false }],
    ["text", { isText: true, deflate: false }],
    ["deflate", { isText: false, deflate: true }]
  ] as const
).map(
  ([name, what]): Case => ({
    name: `hold-${name}`,
    title: `100 MiB of ${what.deflate ? "octets, permessage-deflate" : name}, echoed`,
    situation: { kind: "hold", size: 100 * mib, ...what },
    peers: what.deflate ? ["pull", "ws"] : ["net", "pull", "ws", "ws+bufferutil"],
    quick: [],
    patience: 1
  })
)

const encrypted = [
  { size: 125, connections: 16, inFlight: 1 },
  { size: 125, connections: 16, inFlight: 64 },
  { size: 16 * kib, connections: 16, inFlight: 16 }
].map((changes) => echo("tls", " over TLS", { ...changes, tls: true }, { peers: ["net", "pull", "ws"] }))

const ofClients = [
  { size: 125, inFlight: 1 },
  { size: 16, inFlight: 64 },
  { size: 125, inFlight: 64 },
  { size: kib, inFlight: 64 },
  { size: 64 * kib, inFlight: 16 }
].map((changes) =>
  echo(
    "client",
    ", client",
    { ...changes, role: "client" },
    { peers: clients, quick: changes.size === 125 && changes.inFlight > 1 ? ["net", "pull", "ws", "undici"] : [] }
  )
)

const compressed = [
  { size: kib, connections: 16, inFlight: 64 },
  { size: 16 * kib, connections: 16, inFlight: 16 }
].map((changes) =>
  echo(
    "deflate",
    " of JSON, permessage-deflate",
    { ...changes, payload: "json", deflate: true },
    { peers: compressing }
  )
)

export const cases: ReadonlyArray<Case> = [
  ...grid(),
  ...texts,
  fragmented,
  ...compressed,
  ...encrypted,
  ...ofClients,
  ...watched,
  ...broadcasts,
  ...growth,
  ...fairness,
  ...holds,
  handshakes,
  idle(1000, false),
  idle(10_000, false),
  idle(1000, true),
  idle(10_000, true)
]
