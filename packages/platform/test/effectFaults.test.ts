/**
 * What goes wrong with the sockets of @effect/platform 0.97, and does not with ours: each fault is shown on both.
 *
 * A test of "Effect's own" that fails says that it was mended there.
 */
import { spawn } from "node:child_process"
import * as http from "node:http"
import * as stream from "node:stream"
import { fileURLToPath } from "node:url"
import { inspect } from "node:util"
import * as HttpServer from "@effect/platform/HttpServer"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Socket from "@effect/platform/Socket"
import type * as SocketServer from "@effect/platform/SocketServer"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeSink from "@effect/platform-node/NodeSink"
import * as NodeSocketServer from "@effect/platform-node/NodeSocketServer"
import { describe, expect, it } from "@effect/vitest"
import * as NodeCompression from "@effect-websocket/node/NodeCompression"
import * as NodeDuplex from "@effect-websocket/node/NodeDuplex"
import * as NodeListener from "@effect-websocket/node/NodeListener"
import * as NodeTransport from "@effect-websocket/node/NodeTransport"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Handshake from "effect-websocket/Handshake"
import * as Listener from "effect-websocket/Listener"
import * as WebSocket from "effect-websocket/WebSocket"
import * as WebSocketServer from "effect-websocket/WebSocketServer"
import * as WS from "ws"
import * as PlatformHttpServer from "../src/PlatformHttpServer.js"
import * as PlatformSocket from "../src/PlatformSocket.js"
import * as PlatformSocketServer from "../src/PlatformSocketServer.js"
import * as WebSocketUpgrade from "../src/WebSocketUpgrade.js"
import { clientsOf, handshake, portOf } from "./support/http.js"
import { leavesNothing } from "./support/leavesNothing.js"
import { turns } from "./support/serving.js"

leavesNothing()

const quiet = Effect.provide(Logger.remove(Logger.defaultLogger))

const tcp = Layer.mergeAll(WebSocket.layer, NodeTransport.layerTcp(), NodeListener.layerTcp())

/** Effect's own Socket, over the WebSocket of ws; on Node.js 22 it would be the one of undici. */
const wsConstructor = Layer.succeed(
  Socket.WebSocketConstructor,
  (url, protocols) => new WS.WebSocket(url, protocols) as unknown as globalThis.WebSocket
)

/** A client's Socket, Effect's own and ours. */
const sockets = {
  theirs: (uri: string) => Effect.provide(Socket.makeWebSocket(uri), wsConstructor),
  ours: (uri: string) => PlatformSocket.connect(uri)
}

type Make = typeof sockets.theirs | typeof sockets.ours

/** Our server, with the URI under which a client of either kind reaches it. */
const serving = <E>(handler: WebSocketServer.Handler<undefined, E, never>, options?: WebSocketServer.ServeOptions) =>
  Effect.zipRight(
    Effect.forkScoped(WebSocketServer.run({ ...options, authorize: options?.authorize as never }, handler)),
    Listener.uri("/")
  )

/** A test over our server and its services, which leaves nothing. */
const test = <A, E>(
  name: string,
  body: () => Effect.Effect<A, E, Layer.Layer.Success<typeof tcp> | Scope.Scope>
): void => it.live(name, () => body().pipe(Effect.scoped, Effect.provide(tcp), quiet, Effect.asVoid))

const codeOf = (ws: WebSocket.WebSocket) =>
  Effect.map(ws.closed, ({ received }) => Option.getOrUndefined(received)?.code)

const megabyte = new Uint8Array(2 ** 20)
const total = 64

describe("1. no back-pressure for what arrives", () => {
  const taken = (make: Make) =>
    Effect.gen(function* () {
      let sent = 0
      const uri = yield* serving((ws) =>
        Effect.zipRight(
          Effect.repeatN(
            Effect.tap(ws.send(megabyte), () => Effect.sync(() => void sent++)),
            total - 1
          ),
          Effect.never
        )
      )
      const socket = yield* make(uri)
      let handled = 0
      yield* Effect.forkScoped(
        socket.run(() => {
          handled++
          return Effect.never
        })
      )
      // Until nothing moves any more.
      for (let before = -1; before !== sent || sent === 0; ) {
        before = sent
        yield* turns(400)
      }
      return handled
    })

  test("Effect's own takes all messages, whose handlers have not taken one", () =>
    Effect.map(taken(sockets.theirs), (handled) => expect(handled).toBe(total)))

  test("ours takes as many as maxInFlight allows, and the server waits", () =>
    Effect.map(taken(sockets.ours), (handled) => expect(handled).toBe(1)))
})

describe("2. no back-pressure for what is written, and exceptions become defects", () => {
  const written = (make: Make) =>
    Effect.gen(function* () {
      const uri = yield* serving(() => Effect.never)
      const socket = yield* make(uri)
      const write = yield* socket.writer
      let count = 0
      yield* Effect.forkScoped(socket.run(() => {}))
      const all = Effect.repeatN(
        Effect.tap(write(megabyte), () => Effect.sync(() => void count++)),
        total - 1
      )
      yield* Effect.forkScoped(all)
      for (let before = -1; before !== count || count === 0; ) {
        before = count
        yield* turns(400)
      }
      return count
    })

  test("Effect's own accepts everything for a peer that reads nothing", () =>
    Effect.map(written(sockets.theirs), (count) => expect(count).toBe(total)))

  test("ours waits", () => {
    // Nobody reads its Close frame either.
    const impatient = (uri: string) => PlatformSocket.connect(uri, { limits: { closeTimeout: 1 } })
    return Effect.map(written(impatient), (count) => expect(count).toBeLessThan(total))
  })

  const unsendable = (make: Make) =>
    Effect.gen(function* () {
      const uri = yield* serving((ws) => ws.closed)
      const socket = yield* make(uri)
      const write = yield* socket.writer
      yield* Effect.forkScoped(socket.run(() => {}))
      return yield* Effect.exit(write(new Socket.CloseEvent(1005)))
    })

  test("Effect's own dies of a code that may not be sent", () =>
    Effect.map(unsendable(sockets.theirs), (exit) =>
      expect(Exit.isFailure(exit) && Cause.isDie(exit.cause)).toBe(true)
    ))

  test("ours fails, typed", () =>
    Effect.map(unsendable(sockets.ours), (exit) =>
      expect(Exit.isFailure(exit) && Cause.isFailure(exit.cause)).toBe(true)
    ))
})

describe("3. handlers in progress are interrupted by a clean close", () => {
  const finished = (make: Make) =>
    Effect.gen(function* () {
      const uri = yield* serving((ws) => Effect.zipRight(ws.sendAll(["1", "2", "3", "4", "5"]), ws.close()))
      const socket = yield* make(uri)
      let count = 0
      yield* socket.run(() =>
        Effect.zipRight(
          turns(100),
          Effect.sync(() => void count++)
        )
      )
      return count
    })

  test("Effect's own: none of five finishes, and run succeeds", () =>
    Effect.map(finished(sockets.theirs), (count) => expect(count).toBe(0)))

  test("ours: all of them", () => Effect.map(finished(sockets.ours), (count) => expect(count).toBe(5)))
})

describe("4. close codes: 1006 is a success, 1001 a failure, and those of a success are lost", () => {
  /** The connection ends without a Close frame. */
  const lost = (make: Make) =>
    Effect.gen(function* () {
      const { accept } = yield* Listener.Listener
      const { server } = yield* Handshake.Handshake
      yield* Effect.forkScoped(accept((duplex) => Effect.ignore(Effect.zipRight(server(duplex), duplex.end))))
      const socket = yield* make(yield* Listener.uri("/"))
      return yield* Effect.exit(socket.run(() => {}))
    })

  const closedWith = (make: Make, code: number) =>
    Effect.gen(function* () {
      const uri = yield* serving((ws) => ws.close(code, "because"))
      const socket = yield* make(uri)
      return yield* Effect.exit(socket.run(() => {}))
    })

  const codeOfEnd = (exit: Exit.Exit<void, Socket.SocketError>) => {
    const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
    return Socket.SocketCloseError.is(error) ? error.code : "success"
  }

  const ends = {
    "without a Close frame": [lost, "success", 1006],
    "with 1001": [(make: Make) => closedWith(make, 1001), 1001, "success"],
    "with 1000": [(make: Make) => closedWith(make, 1000), "success", "success"],
    "with 1011": [(make: Make) => closedWith(make, 1011), 1011, 1011]
  } as const

  for (const [how, [end, theirs, ours]] of Object.entries(ends)) {
    test(`Effect's own: the end ${how} is ${theirs}`, () =>
      Effect.map(end(sockets.theirs), (exit) => expect(codeOfEnd(exit)).toBe(theirs)))
    test(`ours: ${ours}`, () => Effect.map(end(sockets.ours), (exit) => expect(codeOfEnd(exit)).toBe(ours)))
  }

  test("ours tells code and reason of 1000 too, to who asks", () =>
    Effect.map(
      closedWith((uri) => PlatformSocket.connect(uri, { closeCodeIsError: () => true }), 1000),
      (exit) => expect(Exit.isFailure(exit) && Cause.squash(exit.cause)).toMatchObject({ closeReason: "because" })
    ))
})

describe("5. a server drops the messages that come before its handler runs the Socket", () => {
  const received = (server: SocketServer.SocketServer["Type"]) =>
    Effect.gen(function* () {
      const { address } = server
      const gate = yield* Deferred.make<void>()
      const seen: Array<unknown> = []
      const ended = yield* Deferred.make<void>()
      yield* Effect.forkScoped(
        server.run((socket) =>
          Deferred.await(gate).pipe(
            Effect.zipRight(Effect.ignore(socket.runRaw((message) => void seen.push(String(message))))),
            Effect.ensuring(Deferred.succeed(ended, undefined))
          )
        )
      )
      const ws = yield* WebSocket.connect(`ws://127.0.0.1:${address._tag === "TcpAddress" ? address.port : 0}/`)
      yield* ws.send("hello")
      yield* turns(100)
      yield* Deferred.succeed(gate, undefined)
      yield* turns(100)
      yield* ws.send("world")
      yield* ws.close()
      yield* Deferred.await(ended)
      return seen
    })

  test("Effect's own", () =>
    Effect.gen(function* () {
      const server = yield* NodeSocketServer.makeWebSocket({ port: 0, host: "127.0.0.1" })
      expect(yield* Effect.scoped(received(server))).toEqual(["world"])
    }))

  test("ours", () =>
    Effect.gen(function* () {
      expect(yield* received(yield* PlatformSocketServer.make())).toEqual(["hello", "world"])
    }))
})

describe("6. messages that come as a Blob are overtaken by text", () => {
  /** A WebSocket as the one of Node.js 22 and of browsers is by default. */
  class BlobSocket extends EventTarget {
    readyState = 1
    send(): void {}
    close(): void {}
    deliver(data: unknown): void {
      this.dispatchEvent(new MessageEvent("message", { data }))
    }
    end(): void {
      this.dispatchEvent(Object.assign(new Event("close"), { code: 1006, reason: "" }))
    }
  }

  it.scopedLive("Effect's own", () =>
    Effect.gen(function* () {
      const ws = new BlobSocket()
      const socket = yield* Socket.fromWebSocket(Effect.succeed(ws as unknown as globalThis.WebSocket))
      const seen: Array<unknown> = []
      const run = yield* Effect.fork(socket.runRaw((message) => void seen.push(typeof message)))
      yield* turns()
      for (const data of [new Blob(["1"]), "2", new Blob(["3"]), "4"]) ws.deliver(data)
      yield* turns()
      ws.end()
      yield* Fiber.join(run)
      expect(seen).toEqual(["string", "string", "object", "object"])
    })
  )

  test("ours", () =>
    Effect.gen(function* () {
      const binary = Uint8Array.of(1)
      const uri = yield* serving((ws) => ws.sendAll([binary, "2", binary, "4"]))
      const ours = yield* PlatformSocket.connect(uri)
      const constructor = yield* Layer.build(PlatformSocket.layerWebSocketConstructor())
      const overOurs = yield* Effect.provide(Socket.makeWebSocket(uri), constructor)
      for (const socket of [ours, overOurs]) {
        const seen: Array<unknown> = []
        yield* socket.runRaw((message) => void seen.push(typeof message))
        expect(seen).toEqual(["object", "string", "object", "string"])
      }
    }))
})

describe("7. a handshake that fails tells nothing of the response", () => {
  const refused = (make: Make) =>
    Effect.gen(function* () {
      const uri = yield* serving(() => Effect.void, {
        authorize: () => Effect.fail(Handshake.reject({ status: 401, body: "who are you?" }))
      } as WebSocketServer.ServeOptions)
      const socket = yield* make(uri)
      return yield* Effect.flip(socket.run(() => {}))
    })

  test("Effect's own", () =>
    Effect.map(refused(sockets.theirs), (error) => {
      expect(error.reason).toBe("Open")
      expect(inspect(error, { depth: 20 })).not.toContain("who are you?")
    }))

  test("ours", () =>
    Effect.map(refused(sockets.ours), (error) => {
      const { response } = error.cause as { readonly response: Option.Option<{ readonly body: Uint8Array }> }
      expect(new TextDecoder().decode(Option.getOrThrow(response).body)).toBe("who are you?")
    }))
})

/** An application that upgrades as @effect/platform has it. */
const echo = Effect.gen(function* () {
  const socket = yield* HttpServerRequest.upgrade
  const write = yield* socket.writer
  yield* socket.runRaw((message) => write(message))
  return HttpServerResponse.empty()
})

const listen = { port: 0, host: "127.0.0.1" }

/** The server of @effect/platform-node, and ours in its place. */
const httpServers = {
  theirs: (server: http.Server) => NodeHttpServer.layerServer(() => server, listen),
  ours: (server: http.Server) =>
    Layer.provide(
      PlatformHttpServer.layerServer(() => server, listen),
      WebSocket.layer
    )
}

const served = (layer: Layer.Layer<HttpServer.HttpServer, unknown>, app: typeof echo) =>
  Effect.map(Layer.build(Layer.provideMerge(HttpServer.serve(app), layer)), (context) =>
    clientsOf(portOf(Context.get(context, HttpServer.HttpServer).address))
  )

describe("8. a malformed handshake leaves a fiber for ever, and the server cannot end", () => {
  const ends = (layerOf: typeof httpServers.theirs) =>
    Effect.gen(function* () {
      const server = http.createServer()
      const scope = yield* Scope.make()
      const { open } = yield* Scope.extend(served(layerOf(server), echo), scope)
      yield* Effect.scoped(
        Effect.gen(function* () {
          const raw = yield* open
          raw.socket.write(handshake().replace(/Sec-WebSocket-Key: .*/, "Sec-WebSocket-Key: foo"))
          expect(yield* raw.until("\r\n\r\n")).toContain("HTTP/1.1 400 ")
        })
      )
      const closing = yield* Effect.forkDaemon(Scope.close(scope, Exit.void))
      yield* turns(200)
      server.close()
      return Option.isSome(yield* Fiber.poll(closing))
    })

  it.live("Effect's own", () => Effect.map(ends(httpServers.theirs), (ended) => expect(ended).toBe(false)).pipe(quiet))
  it.live("ours", () => Effect.map(ends(httpServers.ours), (ended) => expect(ended).toBe(true)).pipe(quiet))
})

describe("9. a client that resets while a route decides ends the process", () => {
  const run = (whose: string) =>
    Effect.async<{ readonly code: number | null; readonly errors: string }>((resume) => {
      const program = fileURLToPath(new URL("support/resetWhileDeciding.ts", import.meta.url))
      const child = spawn(
        process.execPath,
        ["--conditions=@effect-websocket/source", "--import", "tsx", program, whose],
        { env: { ...process.env, NODE_OPTIONS: "" }, stdio: ["ignore", "ignore", "pipe"] }
      )
      let errors = ""
      child.stderr.setEncoding("utf8").on("data", (text) => {
        errors += text
      })
      child.on("close", (code) => resume(Effect.succeed({ code, errors })))
    })

  it.live("Effect's own", () =>
    Effect.map(run("theirs"), ({ code, errors }) => {
      expect(code).toBe(1)
      expect(errors).toContain("ECONNRESET")
    })
  )

  it.live("ours", () => Effect.map(run("ours"), (ended) => expect(ended).toEqual({ code: 0, errors: "" })))
})

describe("10. a handler that fails, or a server that ends, closes without a code", () => {
  const failing = Effect.gen(function* () {
    const socket = yield* HttpServerRequest.upgrade
    yield* socket.run(() => Effect.fail("own"))
    return HttpServerResponse.empty()
  }) as unknown as typeof echo

  const codes = (layerOf: typeof httpServers.theirs) =>
    Effect.gen(function* () {
      const failed = yield* Effect.scoped(
        Effect.gen(function* () {
          const { connect } = yield* served(layerOf(http.createServer()), failing)
          const ws = yield* connect()
          yield* ws.send("x")
          return yield* codeOf(ws)
        })
      )
      const scope = yield* Scope.make()
      const { connect } = yield* Scope.extend(served(layerOf(http.createServer()), Effect.interruptible(echo)), scope)
      const ws = yield* connect()
      yield* ws.send("x")
      yield* ws.receive
      yield* Scope.close(scope, Exit.void)
      return [failed, yield* codeOf(ws)]
    })

  it.scopedLive("Effect's own", () =>
    Effect.map(codes(httpServers.theirs), (seen) => expect(seen).toEqual([1005, 1005])).pipe(quiet)
  )
  it.scopedLive("ours: 1011 and 1001", () =>
    Effect.map(codes(httpServers.ours), (seen) => expect(seen).toEqual([1011, 1001])).pipe(quiet)
  )
})

describe("11. a server chooses no subprotocol, compresses nothing, and adds no fields", () => {
  const offered = { subprotocols: ["a", "b"], compression: true }

  it.scopedLive("Effect's own takes the first that is offered", () =>
    Effect.gen(function* () {
      const { connect } = yield* served(httpServers.theirs(http.createServer()), echo)
      const { compression, negotiated } = yield* connect("/", offered)
      expect([negotiated.subprotocol, Option.isSome(compression)]).toEqual(["a", false])
    }).pipe(Effect.scoped, Effect.provide(NodeCompression.layer), quiet)
  )

  it.scopedLive("ours chooses, and has the application's fields and limits", () =>
    Effect.gen(function* () {
      const app = WebSocketUpgrade.toHttpApp((ws) => ws.run((message) => ws.send(message)), {
        subprotocols: ["b"],
        compression: true,
        decorateResponse: () => ({ "X-Own": "yes" }),
        limits: { maxMessageSize: 3 }
      })
      const { connect } = yield* served(
        httpServers.ours(http.createServer()),
        Effect.provide(app, [WebSocket.layer, NodeCompression.layer]) as unknown as typeof echo
      )
      const ws = yield* connect("/", offered)
      const { response, subprotocol } = ws.negotiated
      expect([subprotocol, response.fields.get("X-Own"), Option.isSome(ws.compression)]).toEqual(["b", "yes", true])
      yield* ws.send("four")
      expect(yield* codeOf(ws)).toBe(1009)
    }).pipe(Effect.scoped, Effect.provide(NodeCompression.layer), quiet)
  )
})

/** That Effect's own has them not is shown by its types: dtslint/PlatformSocket.tst.ts. */
describe("12. and 13. a client has no fields, and nobody has Pings", () => {
  test("ours has them", () =>
    Effect.gen(function* () {
      const uri = yield* serving((ws) => ws.run(() => ws.send(ws.negotiated.request.fields.get("Authorization") ?? "")))
      const socket = yield* PlatformSocket.connect(uri, { fields: { Authorization: "me" } })
      const write = yield* socket.writer
      const answer = yield* Deferred.make<readonly [unknown, boolean]>()
      yield* Effect.forkScoped(
        socket.runRaw((message) =>
          Effect.gen(function* () {
            const ws = Option.getOrThrow(yield* Effect.serviceOption(PlatformSocket.Connection))
            yield* ws.ping()
            yield* Deferred.succeed(answer, [message, ws.info.encrypted])
          })
        )
      )
      yield* write("who am I?")
      expect(yield* Deferred.await(answer)).toEqual(["me", false])
    }))
})

describe("14. a write to a stream that dies waits for ever", () => {
  /** A stream that takes one write, and never says that it is done. */
  const stuck = () => new stream.Duplex({ highWaterMark: 1, write: () => {}, read: () => {} })

  it.live("Effect's own", () =>
    Effect.gen(function* () {
      const native = stuck()
      const sink = NodeSink.fromWritable(
        () => native,
        () => "failed"
      )
      const writing = yield* Effect.forkDaemon(Stream.run(Stream.fromIterable(["a", "b"]), sink))
      yield* turns()
      native.destroy()
      yield* turns(100)
      expect(Option.isNone(yield* Fiber.poll(writing))).toBe(true)
    })
  )

  it.scopedLive("ours fails", () =>
    Effect.gen(function* () {
      const native = stuck()
      const duplex = yield* NodeDuplex.fromDuplex(native)
      duplex.unsafeWrite([Uint8Array.of(1), Uint8Array.of(2)])
      const drained = yield* Effect.fork(Effect.flip(duplex.drain))
      yield* turns()
      native.destroy()
      expect((yield* Fiber.join(drained))._tag).toBe("TransportError")
    })
  )
})
