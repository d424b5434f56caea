/** Connections between us and Boost.Beast over TCP, in both roles. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { ConnectOptions, WebSocket } from "effect-websocket/WebSocket"
import type { ServeOptions } from "effect-websocket/WebSocketServer"
import { beforeAll } from "vitest"
import { type BeastOptions, type BeastPeer, beastClient, beastServer } from "./beastPeer.js"
import { compile, compileTimeout } from "./beastProcess.js"
import { connect, serve } from "./overTcp.js"

export interface BeastPair {
  readonly ours: WebSocket
  readonly theirs: BeastPeer
}

/** Options for either side; ours are those which are the same for clients and servers. */
export interface BeastPairOptions {
  readonly ours?: Pick<ConnectOptions, Exclude<keyof ConnectOptions & keyof ServeOptions, "subprotocols">>
  readonly theirs?: BeastOptions
  /** The client offers them, the server supports "chat". */
  readonly offered?: ReadonlyArray<string> | undefined
}

export type OpenBeast = (options?: BeastPairOptions) => Effect.Effect<BeastPair, unknown, Scope.Scope>

let program = ""

/** The tests of the file need Beast: compiles it, unless that has been done. */
export const needsBeast = (): void =>
  beforeAll(async () => {
    program = await compile()
  }, compileTimeout)

/** A server of Beast for one connection. */
export const server = (options?: BeastOptions) => Effect.suspend(() => beastServer(program, options))

/** A client of Beast. */
export const client = (uri: string, options?: BeastOptions) => Effect.suspend(() => beastClient(program, uri, options))

const ourClient: OpenBeast = ({ offered, ours, theirs } = {}) =>
  Effect.gen(function* () {
    const { opened, uri } = yield* server({ subprotocol: "chat", ...theirs })
    const ws = yield* connect(uri, { ...ours, subprotocols: offered })
    return { ours: ws, theirs: yield* opened }
  })

const ourServer: OpenBeast = ({ offered = [], ours, theirs } = {}) =>
  Effect.gen(function* () {
    const { first, uri } = yield* serve({ ...ours, subprotocols: ["chat"] })
    const peer = yield* client(uri, { subprotocol: offered.join(", "), ...theirs })
    return { ours: yield* first, theirs: peer }
  })

export const beastPairs: Readonly<Record<string, OpenBeast>> = {
  "our client and the server of Beast": ourClient,
  "our server and the client of Beast": ourServer
}
