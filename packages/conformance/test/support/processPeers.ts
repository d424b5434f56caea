/**
 * Implementations in other languages and runtimes as partners: programs which speak as that of Beast does, each a client or
 * a server of one connection.
 */
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import type { CompressionChoice } from "effect-websocket/Compression"
import { beastClient, beastServer } from "./beastPeer.js"
import type { Open } from "./interop.js"
import { connect, serve } from "./overTcp.js"
import type { Partner } from "./Partner.js"
import { root } from "./workspace.js"

/** What a peer is not able to do, or does not tell. */
export type Lack = "sendFragments" | "ping" | "terminate"

export interface ProcessPeer {
  readonly command: string
  readonly args: ReadonlyArray<string>
  readonly lacks: ReadonlyArray<Lack>
  readonly alwaysHasCode?: boolean
}

const native = (name: string): string => path.join(root, "packages/conformance/native", name)

/** Python's websockets as Debian has it. A machine without it fails the tests that need it. */
export const python = (): ProcessPeer => {
  try {
    execFileSync("/usr/bin/python3", ["-c", "import websockets"], { stdio: "ignore" })
  } catch {
    throw new Error("Python's websockets are missing: install Debian's package python3-websockets")
  }
  return { command: native("websockets-peer.py"), args: [], lacks: [] }
}

/** The program that npm has installed for this platform, in `@scope/name-of-platform/…`. */
const runtime = (scope: string, file: string): string => {
  const folder = process.env.PEERS
  if (folder === undefined)
    throw new Error("no PEERS: these tests are run by `npm run peers`, which installs Bun and Deno")
  const packages = path.join(folder, "node_modules", scope)
  const found = fs.existsSync(packages) ? fs.readdirSync(packages).map((name) => path.join(packages, name, file)) : []
  const program = found.find((each) => fs.existsSync(each))
  if (program === undefined) throw new Error(`no ${scope} in ${folder}: npm install --prefix ${folder} bun deno`)
  return program
}

const program = native("peer.mjs")

/** Its client tells of no Pongs, and sends no fragments. */
export const bunClient = (): ProcessPeer => ({
  command: runtime("@oven", "bin/bun"),
  args: [program],
  lacks: ["sendFragments", "ping"]
})

/** A message of its server is always one frame, and a Close frame has a code. */
export const bunServer = (): ProcessPeer => ({
  command: runtime("@oven", "bin/bun"),
  args: [program],
  lacks: ["sendFragments"],
  alwaysHasCode: true
})

/** It has the WebSocket of browsers in both roles: no Pings, no fragments, no end without a Close frame. */
export const deno = (): ProcessPeer => ({
  command: runtime("@deno", "deno"),
  args: ["run", "--allow-net=127.0.0.1", "--no-config", program],
  lacks: ["sendFragments", "ping", "terminate"]
})

const limited = (partner: Partner, { alwaysHasCode = false, lacks }: ProcessPeer): Partner => ({
  ...partner,
  alwaysHasCode,
  ...Object.fromEntries(lacks.map((lack) => [lack, undefined]))
})

/** What either side is told of permessage-deflate. */
export interface Compressions {
  readonly ours?: CompressionChoice
  readonly theirs?: boolean
}

const optionsOf = (subprotocol: string, theirs = false) => ({ subprotocol, deflate: theirs ? 1 : 0 })

/** Our client, and the peer as a server. */
export const withTheirServer =
  (peer: () => ProcessPeer, { ours, theirs }: Compressions = {}): Open =>
  (offered) =>
    Effect.gen(function* () {
      const known = peer()
      const { args, command } = known
      const { opened, uri } = yield* beastServer(command, optionsOf("chat", theirs), args)
      const ws = yield* connect(uri, { subprotocols: offered, compression: ours })
      return { ours: ws, theirs: limited(yield* opened, known) }
    })

/** Our server, and the peer as a client. */
export const withTheirClient =
  (peer: () => ProcessPeer, { ours, theirs }: Compressions = {}): Open =>
  (offered = []) =>
    Effect.gen(function* () {
      const known = peer()
      const { args, command } = known
      const { first, uri } = yield* serve({ subprotocols: ["chat"], compression: ours })
      const partner = yield* beastClient(command, uri, optionsOf(offered.join(", "), theirs), args)
      return { ours: yield* first, theirs: limited(partner, known) }
    })
