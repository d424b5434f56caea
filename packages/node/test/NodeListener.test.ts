import * as fs from "node:fs"
import * as net from "node:net"
import { describe, expect, it } from "@effect/vitest"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import { Listener, uri } from "effect-websocket/Listener"
import type { Address, Duplex } from "effect-websocket/Transport"
import * as NodeListener from "../src/NodeListener.js"
import { event, leavesNothing, readAll, turns, until } from "./support/sockets.js"
import { leaveStale, socketPath } from "./support/temporary.js"

const portOf = (address: Address): number => (address._tag === "TcpAddress" ? address.port : 0)

/** A client of Node.js, which is destroyed at the end. */
const client = (options: net.NetConnectOpts) =>
  Effect.acquireRelease(
    Effect.sync(() => net.connect({ ...options, allowHalfOpen: true }).on("error", () => {})),
    (socket) => Effect.sync(() => socket.destroy())
  )

const clientOf = (address: Address) =>
  client(address._tag === "UnixAddress" ? { path: address.path } : { port: portOf(address), host: "127.0.0.1" })

/** Accepts in the background, and gives what was accepted. */
const accepted = Effect.gen(function* () {
  const { accept } = yield* Listener
  const duplexes: Array<Duplex> = []
  const fiber = yield* Effect.forkScoped(
    accept((duplex) =>
      Effect.zipRight(
        Effect.sync(() => duplexes.push(duplex)),
        Effect.never
      )
    )
  )
  return { duplexes, fiber }
})

describe("TCP", () => {
  it.scopedLive("listens on 127.0.0.1 only, on a port of the system, unless it is told otherwise", () =>
    Effect.gen(function* () {
      const { address, secure } = yield* Listener
      expect(address).toEqual({ _tag: "TcpAddress", hostname: "127.0.0.1", port: expect.any(Number) })
      expect(portOf(address)).toBeGreaterThan(0)
      expect(secure).toBe(false)
      expect(yield* uri("/chat")).toBe(`ws://127.0.0.1:${portOf(address)}/chat`)
    }).pipe(Effect.provide(NodeListener.layerTcp()))
  )

  it.scopedLive("a port which is taken is Open, with the error of the system", () =>
    Effect.gen(function* () {
      const port = portOf((yield* Listener).address)
      const error = yield* Effect.flip(NodeListener.makeTcp({ port }))
      expect(error.reason).toEqual({ _tag: "Listen", address: `127.0.0.1:${port}` })
      expect(error.cause).toMatchObject({ code: "EADDRINUSE" })
    }).pipe(Effect.provide(NodeListener.layerTcp()))
  )

  it.scopedLive("options which Node.js throws on are Open", () =>
    Effect.map(Effect.flip(NodeListener.makeTcp({ port: 65_536 })), (error) => {
      expect(error.reason).toEqual({ _tag: "Listen", address: "127.0.0.1:65536" })
    })
  )

  it.scopedLive("a connection has its addresses, and its socket in reach", () =>
    Effect.gen(function* () {
      const { address } = yield* Listener
      const { duplexes } = yield* accepted
      const socket = yield* clientOf(address)
      yield* until(() => duplexes.length === 1)
      const { info } = duplexes[0]!
      expect(info.local).toEqual(Option.some(address))
      expect(Option.getOrThrow(info.remote)).toEqual({
        _tag: "TcpAddress",
        hostname: "127.0.0.1",
        port: socket.localPort
      })
      expect(info.native).toBeInstanceOf(net.Socket)
      expect(info.encrypted).toBe(false)
    }).pipe(Effect.provide(NodeListener.layerTcp()))
  )

  it.scopedLive("nothing is read before somebody pulls", () =>
    Effect.gen(function* () {
      const { duplexes } = yield* accepted
      const socket = yield* clientOf((yield* Listener).address)
      socket.write(Buffer.alloc(32 * 1024 * 1024))
      yield* until(() => duplexes.length === 1)
      yield* turns(50)
      expect((duplexes[0]!.info.native as net.Socket).bytesRead).toBe(0)
      expect(socket.writableLength).toBeGreaterThan(0)
    }).pipe(Effect.provide(NodeListener.layerTcp()))
  )

  it.scopedLive("beyond the backlog connections are closed; those within it wait for accept", () =>
    Effect.gen(function* () {
      const { address } = yield* Listener
      const sockets = yield* Effect.forEach([1, 2, 3, 4], () => clientOf(address))
      for (const socket of sockets) socket.resume()
      yield* until(() => sockets.filter((socket) => socket.readableEnded || socket.destroyed).length === 2)
      const { duplexes } = yield* accepted
      yield* until(() => duplexes.length === 2)
      yield* clientOf(address)
      yield* until(() => duplexes.length === 3)
    }).pipe(Effect.provide(NodeListener.layerTcp({ backlog: 2 })))
  )

  it.scopedLive("a connection which was reset before accept ran fails when it is read", () =>
    Effect.gen(function* () {
      const { accept, address } = yield* Listener
      const socket = yield* clientOf(address)
      yield* event(socket, "connect")
      yield* turns(50)
      socket.resetAndDestroy()
      yield* turns(50)
      const tags: Array<string> = []
      yield* Effect.forkScoped(
        accept((duplex) =>
          Effect.ignore(Effect.tapError(duplex.pull, ({ reason }) => Effect.sync(() => tags.push(reason._tag))))
        )
      )
      yield* until(() => tags.length === 1)
      expect(tags).toEqual(["Reset"])
    }).pipe(Effect.provide(NodeListener.layerTcp()))
  )

  it.live("resets at any moment are no crash, and leave nothing", () =>
    leavesNothing(
      Effect.gen(function* () {
        const { accept, address } = yield* Listener
        yield* Effect.forkScoped(accept((duplex) => Effect.asVoid(readAll(duplex))))
        for (let delay = 0; delay < 20; delay++) {
          const socket = yield* clientOf(address)
          socket.write("octets")
          yield* turns(delay)
          socket.resetAndDestroy()
        }
      }).pipe(Effect.provide(NodeListener.layerTcp()), Effect.scoped)
    )
  )

  it.live("the end of the layer closes everything, also what waits and what is being served", () =>
    leavesNothing(
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const listener = yield* Scope.extend(NodeListener.makeTcp(), scope)
        const early = yield* clientOf(listener.address)
        const serving = yield* Effect.fork(listener.accept(() => Effect.never))
        yield* turns(50)
        yield* Scope.close(scope, Exit.void)
        const exit = yield* Fiber.await(serving)
        expect(exit).toMatchObject({ cause: { error: { reason: { _tag: "Listen" } } } })
        early.resume()
        yield* until(() => early.readableEnded)
        expect((yield* Effect.flip(listener.accept(() => Effect.void))).reason._tag).toBe("Listen")
        const late = yield* clientOf(listener.address)
        yield* event(late, "error")
      }).pipe(Effect.scoped)
    )
  )
})

describe("Unix sockets", () => {
  const listening = (path: string) => Effect.provide(accepted, NodeListener.layerUnix(path))

  it.live("the file is there while it listens, and removed at the end", () =>
    Effect.gen(function* () {
      const path = yield* socketPath
      yield* Effect.gen(function* () {
        const { address } = yield* Listener
        expect(address).toEqual({ _tag: "UnixAddress", path })
        expect(fs.lstatSync(path).isSocket()).toBe(true)
        const { duplexes } = yield* accepted
        yield* clientOf(address)
        yield* until(() => duplexes.length === 1)
        expect(duplexes[0]!.info.local).toEqual(Option.some(address))
      }).pipe(Effect.provide(NodeListener.layerUnix(path)), Effect.scoped)
      expect(fs.existsSync(path)).toBe(false)
    }).pipe(Effect.scoped)
  )

  it.scopedLive("a stale file is replaced", () =>
    Effect.gen(function* () {
      const path = yield* leaveStale
      yield* Effect.gen(function* () {
        const { duplexes } = yield* accepted
        yield* client({ path })
        yield* until(() => duplexes.length === 1)
      }).pipe(Effect.provide(NodeListener.layerUnix(path)))
    })
  )

  it.scopedLive("a path where somebody listens is refused, and goes on working", () =>
    Effect.gen(function* () {
      const path = yield* socketPath
      yield* Effect.gen(function* () {
        const { duplexes } = yield* accepted
        const error = yield* Effect.flip(listening(path))
        expect(error.reason).toEqual({ _tag: "Listen", address: `unix:${path}` })
        expect(error.cause).toMatchObject({ code: "EADDRINUSE" })
        yield* client({ path })
        yield* until(() => duplexes.length > 0)
      }).pipe(Effect.provide(NodeListener.layerUnix(path)))
    })
  )

  it.scopedLive("a file which is no socket is refused, and left alone", () =>
    Effect.gen(function* () {
      const path = yield* socketPath
      fs.writeFileSync(path, "precious")
      expect((yield* Effect.flip(listening(path))).reason._tag).toBe("Listen")
      expect(fs.readFileSync(path, "utf8")).toBe("precious")
    })
  )

  it.scopedLive("a directory which is missing is Open", () =>
    Effect.map(Effect.flip(listening("/nowhere/at/all")), (error) => expect(error.reason._tag).toBe("Listen"))
  )
})

describe("layers", () => {
  it.live("one layer is one listener for all who use it", () =>
    Effect.gen(function* () {
      const layer = NodeListener.layerTcp()
      const both = Layer.merge(
        Layer.effectDiscard(Effect.map(Listener, ({ address }) => void addresses.push(address))),
        Layer.effectDiscard(Effect.map(Listener, ({ address }) => void addresses.push(address)))
      )
      const addresses: Array<Address> = []
      yield* Effect.scoped(Layer.build(Layer.provide(both, layer)))
      expect(addresses[0]).toBe(addresses[1])
    })
  )
})

describe("options from the configuration", () => {
  const config = (entries: Record<string, string>) =>
    Layer.setConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(entries))))
  const failure = <E>(layer: Layer.Layer<Listener, E>, entries: Record<string, string>) =>
    Effect.flip(Effect.scoped(Layer.build(Layer.provide(layer, config(entries)))))
  const tcp = NodeListener.layerTcpConfig({ host: Config.string("HOST"), port: Config.integer("PORT") })

  it.scopedLive("listen where the ConfigProvider says", () =>
    Effect.gen(function* () {
      const listening = yield* Effect.map(Listener, ({ address }) => address).pipe(
        Effect.provide(Layer.provide(tcp, config({ HOST: "127.0.0.1", PORT: "0" })))
      )
      expect(listening).toMatchObject({ _tag: "TcpAddress", hostname: "127.0.0.1" })
      const path = yield* socketPath
      const unix = NodeListener.layerUnixConfig(Config.string("SOCKET"), { backlog: Config.integer("BACKLOG") })
      const at = yield* Effect.map(Listener, ({ address }) => address).pipe(
        Effect.provide(Layer.provide(unix, config({ SOCKET: path, BACKLOG: "3" })))
      )
      expect(at).toEqual({ _tag: "UnixAddress", path })
    })
  )

  it.live("what is missing or no number is a ConfigError with its path, a port out of range an OptionError", () =>
    Effect.gen(function* () {
      expect(yield* failure(tcp, { HOST: "127.0.0.1" })).toMatchObject({ _op: "MissingData", path: ["PORT"] })
      expect(yield* failure(tcp, { HOST: "127.0.0.1", PORT: "many" })).toMatchObject({
        _op: "InvalidData",
        path: ["PORT"]
      })
      const port = { port: Config.integer("PORT"), cert: Config.string("CERT"), key: Config.string("KEY") }
      const entries = { HOST: "127.0.0.1", PORT: "65536", CERT: "", KEY: "" }
      for (const layer of [tcp, NodeListener.layerTlsConfig(port), NodeListener.layerTlsOrPlainConfig(port)]) {
        expect(yield* failure(layer, entries)).toMatchObject({ _tag: "OptionError", option: "port" })
      }
    })
  )
})
