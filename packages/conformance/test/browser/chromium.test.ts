import { describe, expect, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { CompressionChoice } from "effect-websocket/Compression"
import type { Browser } from "playwright-core"
import { afterAll, beforeAll } from "vitest"
import { evaluate, html, launch, openTab } from "../support/chromium.js"
import { leavesNothing } from "../support/leaks.js"
import { serve } from "../support/overTcp.js"
import { tagsOf } from "../support/underTest.js"

const http = () => Effect.succeed({ status: 200, fields: { "Content-Type": "text/html" }, body: html })

const pageOf = (uri: string): string => uri.replace("ws:", "http:")

describe("Chromium", () => {
  leavesNothing()
  let browser: Browser
  beforeAll(async () => {
    browser = await launch()
  }, 60_000)
  afterAll(() => browser?.close())

  /** A page of our server that is connected to it; our end of the connection. */
  const connected = (protocols: ReadonlyArray<string> = [], compression: CompressionChoice = false) =>
    Effect.gen(function* () {
      const { first, uri } = yield* serve({ http, subprotocols: ["chat"], compression })
      const tab = yield* openTab(browser, pageOf(uri))
      expect(yield* evaluate(tab, `connect(${JSON.stringify(uri)}, ${JSON.stringify(protocols)})`)).toBe("open")
      return { ours: yield* first, tab }
    })

  it.scopedLive("RFC 6455 §5.6: text and binary, both ways", () =>
    Effect.gen(function* () {
      const { ours, tab } = yield* connected()
      for (const text of ["Hello", "", "é, €, \u{1f600}"]) {
        yield* ours.send(text)
        expect(yield* evaluate(tab, "receive()")).toBe(text)
        yield* evaluate(tab, `tab.socket.send(${JSON.stringify(text)})`)
        expect(yield* ours.receive).toBe(text)
      }
      yield* ours.send(Uint8Array.of(0, 127, 255))
      expect(yield* evaluate(tab, "receive()")).toEqual([0, 127, 255])
      yield* evaluate(tab, "tab.socket.send(Uint8Array.of(0, 127, 255))")
      expect(yield* ours.receive).toEqual(Uint8Array.of(0, 127, 255))
    })
  )

  it.scopedLive("a message of 1 MiB, both ways", () =>
    Effect.gen(function* () {
      const { ours, tab } = yield* connected()
      yield* ours.send("x".repeat(1024 * 1024))
      expect(yield* evaluate(tab, "receive().then((text) => { tab.socket.send(text); return text.length })")).toBe(
        1 << 20
      )
      expect(yield* ours.receive).toBe("x".repeat(1024 * 1024))
    })
  )

  it.scopedLive("RFC 7692 §7.1: permessage-deflate is agreed, and messages of all sizes come through, both ways", () =>
    Effect.gen(function* () {
      const { ours, tab } = yield* connected([], { threshold: 0, serverNoContextTakeover: true })
      expect(yield* evaluate(tab, "tab.socket.extensions")).toMatch(/^permessage-deflate; /)
      expect(Option.getOrThrow(ours.compression)).toMatchObject({
        serverNoContextTakeover: true,
        serverMaxWindowBits: 12,
        clientMaxWindowBits: 12
      })
      for (const text of ["Hello", "", "Hello", "é, €, \u{1f600}".repeat(200_000)]) {
        yield* ours.send(text)
        expect((yield* evaluate(tab, "receive()")) === text).toBe(true)
        yield* evaluate(tab, `tab.socket.send(${JSON.stringify(text)})`)
        expect((yield* ours.receive) === text).toBe(true)
      }
    })
  )

  it.scopedLive("RFC 6455 §5.5.2: it answers our Ping", () => Effect.flatMap(connected(), ({ ours }) => ours.ping()))

  it.scopedLive("RFC 6455 §1.9: a subprotocol is agreed", () =>
    Effect.gen(function* () {
      const { ours, tab } = yield* connected(["superchat", "chat"])
      expect(ours.negotiated.subprotocol).toBe("chat")
      expect(yield* evaluate(tab, "tab.socket.protocol")).toBe("chat")
    })
  )

  it.scopedLive("RFC 6455 §7.1: we close, with code and reason", () =>
    Effect.gen(function* () {
      const { ours, tab } = yield* connected()
      const { clean, received } = yield* ours.close(4001, "we close, é")
      expect([clean, Option.getOrThrow(received).code]).toEqual([true, 4001])
      expect(yield* evaluate(tab, "tab.closed")).toEqual({ code: 4001, reason: "we close, é", wasClean: true })
    })
  )

  it.scopedLive("RFC 6455 §7.1: it closes, with code and reason", () =>
    Effect.gen(function* () {
      const { ours, tab } = yield* connected()
      yield* evaluate(tab, `tab.socket.close(4002, "it closes, é")`)
      expect((yield* Effect.flip(ours.receive))._tag).toBe("Closed")
      expect(Option.getOrThrow((yield* ours.closed).received)).toEqual({ code: 4002, reason: "it closes, é" })
      expect(yield* evaluate(tab, "tab.closed")).toEqual({ code: 4002, reason: "", wasClean: true })
    })
  )

  it.scopedLive("RFC 6455 §7.4.1: a page that is left goes away with 1001", () =>
    Effect.gen(function* () {
      const { ours, tab } = yield* connected()
      yield* Effect.promise(() => tab.goto("about:blank"))
      expect(Option.getOrThrow((yield* ours.closed).received).code).toBe(1001)
    })
  )

  it.scopedLive("RFC 6455 §10.2: a page of another origin MUST be refused with 403", () =>
    Effect.gen(function* () {
      const refused = yield* Deferred.make<readonly [tags: string, status: number | undefined]>()
      const target = yield* serve({
        onHandshakeError: (error) => {
          const response = error._tag === "HandshakeError" ? Option.getOrUndefined(error.response) : undefined
          return Effect.asVoid(Deferred.succeed(refused, [tagsOf(error), response?.head.status]))
        }
      })
      const other = yield* serve({ http })
      const tab = yield* openTab(browser, pageOf(other.uri))
      expect(yield* evaluate(tab, `connect(${JSON.stringify(target.uri)})`)).toBe("error")
      expect(yield* evaluate(tab, "tab.closed")).toMatchObject({ code: 1006, wasClean: false })
      expect(yield* Deferred.await(refused)).toEqual(["HandshakeError.ForbiddenOrigin", 403])
    })
  )
})
