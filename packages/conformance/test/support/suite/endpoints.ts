/** The endpoints that the suite is played against: our server and client, those of `ws`, and the client of `undici`. They echo. */
import type { AddressInfo } from "node:net"
import * as NodeCompression from "@effect-websocket/node/NodeCompression"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { Transport } from "effect-websocket/Transport"
import * as WebSocket from "effect-websocket/WebSocket"
import * as WebSocketServer from "effect-websocket/WebSocketServer"
import * as undici from "undici"
import * as Ws from "ws"
import { type Place, places } from "../places.js"
import { connectSocket, type RawPeer } from "../RawPeer.js"
import { RawDeflater, type RawDirection } from "../rawDeflate.js"
import { requestOf, responseTo } from "../wire.js"
import type { Case, Role } from "./Case.js"
import { type Opened, Tester } from "./Tester.js"

type Message = WebSocket.Message

export interface Endpoint {
  readonly name: string
  readonly role: Role
  /** It is strict: what is expected of it is waited for. */
  readonly isOurs: boolean
  /** Starts what all connections share; how one of them is made with a tester. */
  readonly start: Effect.Effect<Open, unknown, Scope.Scope>
}

type Open = (deflate: string | undefined) => Effect.Effect<Opened, unknown, Scope.Scope>

/** The largest windows, and every message compressed. */
const compression = { serverMaxWindowBits: 15, clientMaxWindowBits: 15, threshold: 0 } as const

const maxMessageSize = 16 * 1024 * 1024

const element = (deflate: string | undefined): string | undefined =>
  deflate === undefined ? undefined : `permessage-deflate${deflate}`

const extensionsIn = (head: string): string => /^Sec-WebSocket-Extensions: *(.*?)\r$/im.exec(head)?.[1] ?? ""

const bitsIn = (parameters: string, side: string): number =>
  Number(new RegExp(`${side}_max_window_bits=(\\d+)`).exec(parameters)?.[1] ?? 15)

/** RFC 7692 §7.1: how a side compresses. A client keeps to what it has offered, too. */
const directionOf = (side: Role, offer: string, answer: string): RawDirection => {
  const said = side === "client" ? [offer, answer] : [answer]
  return {
    windowBits: Math.min(...said.map((parameters) => bitsIn(parameters, side))),
    takeover: !said.some((parameters) => parameters.includes(`${side}_no_context_takeover`))
  }
}

/** What is agreed on between a client that offers this and a server that answers this. */
const directions = (role: Role, offer: string, answer: string): Opened["directions"] => {
  const [client, server] = [directionOf("client", offer, answer), directionOf("server", offer, answer)]
  return role === "server" ? { ours: client, theirs: server } : { ours: server, theirs: client }
}

/** Makes the handshake with a server. */
const asClient = (peer: RawPeer, deflate: string | undefined, delivered: ReadonlyArray<Message>) =>
  Effect.gen(function* () {
    yield* peer.write([Buffer.from(requestOf(element(deflate)))])
    const head = yield* peer.head
    peer.drop(head.length)
    return { peer, delivered, directions: directions("server", deflate ?? "", extensionsIn(head)) }
  })

/** Makes the handshake with a client. */
const asServer = (peer: RawPeer, deflate: string | undefined, delivered: ReadonlyArray<Message>) =>
  Effect.gen(function* () {
    const head = yield* peer.head
    peer.drop(head.length)
    yield* peer.write([Buffer.from(responseTo(head, element(deflate)))])
    const offer = extensionsIn(head).split(",")[0] ?? ""
    return { peer, delivered, directions: directions("client", offer, deflate ?? "") }
  })

const above = Layer.merge(WebSocket.layer, NodeCompression.layer)

const echo = (delivered: Array<Message>) => (ws: WebSocket.WebSocket) =>
  Effect.flatMap(ws.pull, (batch) => {
    delivered.push(...batch)
    return ws.sendAll(batch)
  }).pipe(Effect.forever, Effect.ignore)

type AboveServices = Layer.Layer.Success<typeof above>

const memory = places.memory!

const ourServer: Endpoint = {
  name: "our server",
  role: "server",
  isOurs: true,
  start: Effect.gen(function* () {
    const context = yield* Layer.build(Layer.merge(above, memory.layer))
    let delivered: Array<Message> = []
    const handler = (ws: WebSocket.WebSocket) => Effect.suspend(() => echo(delivered)(ws))
    yield* Effect.forkScoped(Effect.provide(WebSocketServer.run(handler, { compression }), context))
    return (deflate) =>
      Effect.suspend(() => {
        delivered = []
        return Effect.flatMap(memory.toServer, (peer) => asClient(peer, deflate, delivered))
      }).pipe(Effect.provide(context))
  })
}

/** Testers for clients: `connect` makes one of those, which reaches this URI. */
const testers = (
  place: Place,
  connect: (
    uri: string,
    deflate: string | undefined,
    delivered: Array<Message>
  ) => Effect.Effect<unknown, unknown, Scope.Scope | AboveServices | Transport>
): Endpoint["start"] =>
  Effect.gen(function* () {
    const context = yield* Layer.build(Layer.merge(above, place.layer))
    let meet: (peer: RawPeer) => Effect.Effect<void> = () => Effect.void
    const uri = yield* Effect.provide(
      place.serve((peer) => meet(peer)),
      context
    )
    return (deflate) =>
      Effect.gen(function* () {
        const delivered: Array<Message> = []
        const opened = yield* Deferred.make<Opened>()
        meet = (peer) => Effect.asVoid(Deferred.complete(opened, asServer(peer, deflate, delivered)))
        yield* connect(uri, deflate, delivered)
        return yield* Deferred.await(opened)
      }).pipe(Effect.provide(context))
  })

const ourClient: Endpoint = {
  name: "our client",
  role: "client",
  isOurs: true,
  start: testers(memory, (uri, deflate, delivered) => {
    const options = { compression: deflate !== undefined && compression }
    return Effect.forkScoped(Effect.flatMap(WebSocket.connect(uri, options), echo(delivered)))
  })
}

const onWs = (socket: Ws.WebSocket, delivered: Array<Message>): void => {
  socket.on("error", () => {})
  socket.on("message", (data, isBinary) => {
    const octets = data as Buffer
    delivered.push(isBinary ? new Uint8Array(octets) : octets.toString("utf8"))
    socket.send(octets, { binary: isBinary })
  })
}

const perMessageDeflate = { threshold: 0 }

const wsServer: Endpoint = {
  name: "the server of ws",
  role: "server",
  isOurs: false,
  start: Effect.gen(function* () {
    let delivered: Array<Message> = []
    const server = yield* Effect.acquireRelease(
      Effect.async<Ws.WebSocketServer>((resume) => {
        const options = { host: "127.0.0.1", port: 0, maxPayload: maxMessageSize, perMessageDeflate }
        const made = new Ws.WebSocketServer(options)
        made.on("connection", (socket) => onWs(socket, delivered))
        made.once("listening", () => resume(Effect.succeed(made)))
      }),
      (made) =>
        Effect.async<void>((resume) => {
          for (const socket of made.clients) socket.terminate()
          made.close(() => resume(Effect.void))
        })
    )
    return (deflate) =>
      Effect.suspend(() => {
        delivered = []
        const { port } = server.address() as AddressInfo
        return Effect.flatMap(connectSocket(port), (peer) => asClient(peer, deflate, delivered))
      })
  })
}

const wsClient: Endpoint = {
  name: "the client of ws",
  role: "client",
  isOurs: false,
  start: testers(places.TCP!, (uri, deflate, delivered) =>
    Effect.acquireRelease(
      Effect.sync(() => {
        const options = { maxPayload: maxMessageSize, perMessageDeflate: deflate !== undefined && perMessageDeflate }
        const socket = new Ws.WebSocket(uri, options)
        onWs(socket, delivered)
        return socket
      }),
      (socket) => Effect.sync(() => socket.terminate())
    )
  )
}

const onUndici = (socket: undici.WebSocket, delivered: Array<Message>): void => {
  socket.binaryType = "arraybuffer"
  socket.addEventListener("error", () => {})
  socket.addEventListener("message", ({ data }) => {
    delivered.push(typeof data === "string" ? data : new Uint8Array(data as ArrayBuffer))
    socket.send(data)
  })
}

const undiciClient: Endpoint = {
  name: "the client of undici",
  role: "client",
  isOurs: false,
  start: testers(places.TCP!, (uri, _, delivered) =>
    Effect.map(
      Effect.acquireRelease(
        Effect.sync(() => new undici.Agent({ webSocket: { maxPayloadSize: maxMessageSize } })),
        (agent) => Effect.promise(() => agent.destroy())
      ),
      (dispatcher) => onUndici(new undici.WebSocket(uri, { dispatcher }), delivered)
    )
  )
}

export const ours: ReadonlyArray<Endpoint> = [ourServer, ourClient]

export const foreign: ReadonlyArray<Endpoint> = [wsServer, wsClient, undiciClient]

/** Octets of a case that are few enough to be written one by one. */
const few = 300

type Steps = ReadonlyArray<Uint8Array | "failed">

const isFew = (steps: Steps): boolean => steps.reduce((sum, { length }) => sum + length, 0) <= few

const oneByOne = (steps: Steps): Steps =>
  steps.flatMap<Uint8Array | "failed">((step) =>
    step === "failed" ? [step] : Array.from(step, (_, index) => step.subarray(index, index + 1))
  )

const play = (endpoint: Endpoint, open: Open, each: Case, cut: (steps: Steps) => Steps): Effect.Effect<string> =>
  Effect.flatMap(open(each.deflate), (opened) => {
    const tester = new Tester(opened, endpoint.role === "server" ? "client" : "server")
    return tester.play(each, cut(tester.octets(each.steps)), endpoint.isOurs)
  }).pipe(
    Effect.scoped,
    Effect.catchAllCause((cause) => Effect.succeed(Cause.pretty(cause))),
    // None takes so long; but one that never ends should be told by name.
    Effect.timeoutTo({ duration: "10 seconds", onTimeout: () => "no end", onSuccess: (seen) => seen })
  )

/** Whether it makes sense to cut the octets of a case; those of a compressed one are known only when it is played. */
const isCuttable = ({ deflate, steps }: Case): boolean =>
  deflate === undefined && isFew(steps.map((step) => (step === "failed" ? step : step("client", new RawDeflater()))))

/** What the testers see of all cases, by their ids; our server is met octet by octet as well, and both should look the same. */
export const playAll = (
  endpoint: Endpoint,
  cases: ReadonlyArray<Case>
): Effect.Effect<ReadonlyMap<string, string>, unknown> =>
  Effect.gen(function* () {
    const open = yield* endpoint.start
    const seen = new Map<string, string>()
    for (const each of casesFor(endpoint, cases)) {
      const whole = yield* play(endpoint, open, each, (steps) => steps)
      const cut = endpoint === ourServer && isCuttable(each) ? yield* play(endpoint, open, each, oneByOne) : whole
      seen.set(each.id, whole === cut ? whole : `${whole} | octet by octet: ${cut}`)
    }
    return seen
  }).pipe(Effect.scoped)

/** The cases that make sense for it. */
export const casesFor = (endpoint: Endpoint, cases: ReadonlyArray<Case>): ReadonlyArray<Case> =>
  cases.filter(({ roles }) => roles === undefined || roles.includes(endpoint.role))
