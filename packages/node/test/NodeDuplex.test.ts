import type * as stream from "node:stream"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as NodeDuplex from "../src/NodeDuplex.js"
import { pair, receive, silent } from "./support/duplexes.js"
import { event, pattern, readAll, socketPair, turns, until } from "./support/sockets.js"

describe("ends", () => {
  it.scopedLive("FIN is EndOfStream, and leaves our direction open", () =>
    Effect.gen(function* () {
      const { duplex, far } = yield* pair
      far.end()
      expect((yield* readAll(duplex)).error.reason).toEqual({ _tag: "EndOfStream" })
      duplex.unsafeWrite([Buffer.from("still here")])
      yield* duplex.drain
      far.resume()
      expect(String(yield* event(far, "data"))).toBe("still here")
    })
  )

  it.scopedLive("RST is Reset, with the error of the system as cause", () =>
    Effect.gen(function* () {
      const { duplex, far } = yield* pair
      far.resetAndDestroy()
      const { error } = yield* readAll(duplex)
      expect(error.reason).toEqual({ _tag: "Reset" })
      expect(error.cause).toMatchObject({ code: "ECONNRESET" })
    })
  )

  it.scopedLive("writing to a peer that has gone is Reset", () =>
    Effect.gen(function* () {
      const { duplex, far } = yield* pair
      far.resetAndDestroy()
      yield* turns(50)
      while (Exit.isSuccess(yield* Effect.exit(duplex.drain))) {
        duplex.unsafeWrite([pattern(100_000)])
        yield* turns(1)
      }
      expect((yield* Effect.flip(duplex.drain)).reason).toEqual({ _tag: "Reset" })
      expect((yield* Effect.flip(duplex.pull)).reason).toEqual({ _tag: "Reset" })
    })
  )

  it.scopedLive("octets which were read before an error come before it", () =>
    Effect.gen(function* () {
      const native = silent()
      const duplex = yield* NodeDuplex.fromDuplex(native)
      native.push("the last words")
      native.destroy(new Error("broken"))
      const { error, octets } = yield* readAll(duplex)
      expect(octets.toString()).toBe("the last words")
      expect(error.reason).toEqual({ _tag: "Read" })
      expect(error.cause).toMatchObject({ message: "broken" })
    })
  )

  it.scopedLive("so they do in unsafeReceive, also if it was paused", () =>
    Effect.gen(function* () {
      const native = silent()
      const duplex = yield* NodeDuplex.fromDuplex(native)
      const { errors, flow, octets } = receive(duplex)
      flow.pause()
      native.push("the last words")
      native.destroy(new Error("broken"))
      yield* turns()
      expect(errors).toEqual([])
      flow.resume()
      yield* until(() => errors.length > 0)
      expect(octets().toString()).toBe("the last words")
    })
  )

  it.scopedLive("the first failure is final", () =>
    Effect.gen(function* () {
      const { duplex, far } = yield* pair
      far.resetAndDestroy()
      const first = yield* Effect.flip(duplex.pull)
      yield* duplex.abort
      yield* turns()
      expect(yield* Effect.flip(duplex.pull)).toBe(first)
      expect(yield* Effect.flip(duplex.drain)).toBe(first)
    })
  )

  const spoilt: ReadonlyArray<readonly [string, (native: stream.Duplex) => unknown, string]> = [
    ["destroyed", (native) => native.destroy(), "Read"],
    ["broken", (native) => native.on("error", () => {}).destroy(new Error("broken")), "Read"],
    ["at its end", (native) => native.resume().push(null), "EndOfStream"]
  ]

  it.scopedLive.each(spoilt)("a stream that was %s before it came to us fails at once", ([, spoil, tag]) =>
    Effect.gen(function* () {
      const native = silent()
      spoil(native)
      yield* turns()
      const duplex = yield* NodeDuplex.fromDuplex(native)
      expect((yield* Effect.flip(duplex.pull)).reason._tag).toBe(tag)
      const { errors } = receive(duplex)
      expect(errors).toEqual([])
      yield* until(() => errors.length === 1)
    })
  )

  it.live("the end of the Scope destroys the stream; only the listener for errors stays", () =>
    Effect.gen(function* () {
      const native = silent()
      const scope = yield* Scope.make()
      const duplex = yield* Scope.extend(NodeDuplex.fromDuplex(native), scope)
      const { errors } = receive(duplex)
      duplex.unsafeWrite([Buffer.from("octets")])
      yield* duplex.drain
      yield* Scope.close(scope, Exit.void)
      yield* turns()
      expect(native.destroyed).toBe(true)
      expect(errors.length).toBe(1)
      expect(native.eventNames()).toEqual(["error"])
      native.emit("error", new Error("unheard"))
    })
  )

  it.scopedLive("an error without a listener of the application ends nothing but the connection", () =>
    Effect.gen(function* () {
      const native = silent()
      const duplex = yield* NodeDuplex.fromDuplex(native)
      native.emit("error", Object.assign(new Error("reset"), { code: "ECONNRESET" }))
      expect((yield* Effect.flip(duplex.pull)).reason).toEqual({ _tag: "Reset" })
      expect(native.destroyed).toBe(true)
    })
  )
})

describe("RFC 6455 §7.1.1 teardown", () => {
  it.scopedLive("the server ends first", () =>
    Effect.gen(function* () {
      const { duplex, far, near } = yield* pair
      const closing = yield* Effect.fork(duplex.teardown("server"))
      far.resume()
      yield* event(far, "end")
      far.write(pattern(500_000))
      yield* turns()
      expect((yield* Fiber.poll(closing))._tag).toBe("None")
      far.end()
      yield* Fiber.join(closing)
      expect(near.destroyed).toBe(true)
    })
  )

  it.scopedLive("the client waits for the server's end, and discards what comes before", () =>
    Effect.gen(function* () {
      const { duplex, far, near } = yield* pair
      const closing = yield* Effect.fork(duplex.teardown("client"))
      far.resume()
      far.write(pattern(500_000))
      yield* until(() => near.bytesRead === 500_000)
      expect(far.readableEnded).toBe(false)
      far.end()
      yield* Fiber.join(closing)
      yield* until(() => far.readableEnded)
    })
  )

  it.scopedLive("what was written before is sent before the end", () =>
    Effect.gen(function* () {
      const { duplex, far } = yield* pair
      const chunks: Array<Buffer> = []
      duplex.unsafeWrite([pattern(3_000_000)])
      const closing = yield* Effect.fork(duplex.teardown("server"))
      far.on("data", (chunk) => chunks.push(chunk)).on("end", () => far.end())
      far.resume()
      yield* Fiber.join(closing)
      expect(Buffer.concat(chunks).equals(pattern(3_000_000))).toBe(true)
    })
  )

  it.scopedLive("the client ends at once if the server has ended before", () =>
    Effect.gen(function* () {
      const { duplex, far } = yield* pair
      far.end()
      yield* readAll(duplex)
      far.resume()
      yield* duplex.teardown("client")
    })
  )

  it.scopedLive.each(["server", "client"] as const)("%s: a reset during it completes it", (role) =>
    Effect.gen(function* () {
      const { duplex, far } = yield* pair
      const closing = yield* Effect.fork(duplex.teardown(role))
      yield* turns()
      far.resetAndDestroy()
      yield* Fiber.join(closing)
    })
  )

  it.scopedLive.each(["server", "client"] as const)("%s: a stream which does not destroy itself is destroyed", (role) =>
    Effect.gen(function* () {
      const native = silent({ autoDestroy: false })
      const duplex = yield* NodeDuplex.fromDuplex(native)
      const closing = yield* Effect.fork(duplex.teardown(role))
      yield* turns()
      expect(native.writableEnded).toBe(role === "server")
      native.push(null)
      yield* Fiber.join(closing)
      expect(native.destroyed).toBe(true)
    })
  )

  it.scopedLive("interruption is a hard close", () =>
    Effect.gen(function* () {
      const { duplex, near } = yield* pair
      const closing = yield* Effect.fork(duplex.teardown("client"))
      yield* turns()
      yield* Fiber.interrupt(closing)
      expect(near.destroyed).toBe(true)
    })
  )
})

describe("info", () => {
  it.scopedLive("what the maker knows comes before what the stream tells", () =>
    Effect.gen(function* () {
      const { near } = yield* socketPair
      const remote = Option.some({ _tag: "MemoryAddress", name: "elsewhere" } as const)
      const { info } = yield* NodeDuplex.fromDuplex(near, { info: { remote } })
      expect(info.remote).toEqual(remote)
      expect(Option.getOrThrow(info.local)).toMatchObject({ _tag: "TcpAddress", hostname: "127.0.0.1" })
      expect(info.native).toBe(near)
    })
  )
})
