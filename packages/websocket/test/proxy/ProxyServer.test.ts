import { describe, expect } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { authorityOf, checkServer, proxyError, through } from "../../src/proxy/ProxyServer.js"
import { Transport } from "../../src/Transport.js"
import { fakeServer } from "../support/fakeServer.js"
import { test } from "../support/leavesNothing.js"
import { target } from "../support/throughProxy.js"

const proxy = { host: "proxy.example.com", port: 8080 }

describe("the place of a proxy", () => {
  test("is written as people do", function* () {
    yield* Effect.void
    expect([authorityOf(proxy), authorityOf({ host: "::1", port: 1 })]).toEqual(["proxy.example.com:8080", "[::1]:1"])
  })

  for (const server of [proxy, { host: "::1", port: 1 }, { host: "127.0.0.1", port: 65535 }]) {
    test(`${authorityOf(server)} is one`, function* () {
      yield* checkServer(server)
    })
  }

  for (const server of [
    { host: "", port: 1 },
    { host: "a b", port: 1 },
    { host: "a:1", port: 1 },
    { host: "a", port: 1.5 },
    { host: "a", port: Number.NaN },
    { host: "a/b", port: 1 }
  ]) {
    test(`${JSON.stringify(server)} is none`, function* () {
      expect(yield* Effect.flip(checkServer(server))).toMatchObject({ _tag: "OptionError", option: "proxy" })
    })
  }
})

describe("a connection through it", () => {
  test("what does not become one is closed at once", function* () {
    const { accept, transport } = yield* fakeServer
    const error = proxyError(proxy, { _tag: "SocksReply", code: 1, meaning: "it failed" })
    const service = yield* Effect.provide(Transport, transport)
    const connect = through(service, proxy, () => Effect.fail(error))
    expect(yield* Effect.flip(connect(target))).toBe(error)
    expect((yield* (yield* accept).rest).reason).toBe("Reset")
  })
})
