import { describe, expect } from "@effect/vitest"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Proxies from "../src/Proxies.js"
import type { Target } from "../src/Transport.js"
import { test, turns } from "./support/leavesNothing.js"
import { throughProxy, toHex } from "./support/throughProxy.js"

const plain: Target = { host: "server.example.com", port: 80, secure: false }
/** As `layerTlsOver` asks the Transport beneath it. */
const tls: Target = { host: "server.example.com", port: 443, secure: false, carriesTls: true }

/** Where a connection to each target goes. */
const ways = (layer: Parameters<typeof throughProxy>[0], targets: ReadonlyArray<Target>) =>
  Effect.gen(function* () {
    const { connect, targets: asked } = yield* throughProxy(layer)
    for (const target of targets) {
      yield* Effect.fork(Effect.ignore(connect(target)))
      yield* turns(4)
    }
    return asked.map(({ host, port }) => `${host}:${port}`)
  })

const environment = (variables: Record<string, string>) =>
  Layer.provide(
    Proxies.layerEnvironment,
    Layer.setConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(variables))))
  )

const direct = ["server.example.com:80", "server.example.com:443"]

describe("rules", () => {
  test("without any, all is direct", function* () {
    expect(yield* ways(Proxies.layer({}), [plain, tls])).toEqual(direct)
  })

  test("by scheme: what carries TLS is wss:", function* () {
    const rules = { ws: "http://ws.proxy:1", wss: "http://wss.proxy:2" }
    expect(yield* ways(Proxies.layer(rules), [plain, tls])).toEqual(["ws.proxy:1", "wss.proxy:2"])
    expect(yield* ways(Proxies.layer({ ws: rules.ws }), [plain, tls])).toEqual(["ws.proxy:1", direct[1]])
    expect(yield* ways(Proxies.layer({ wss: rules.wss }), [plain, tls])).toEqual([direct[0], "wss.proxy:2"])
  })

  test("`all` is for what has none of its own", function* () {
    const rules = { all: "socks5://all.proxy", wss: "http://wss.proxy:2" }
    expect(yield* ways(Proxies.layer(rules), [plain, tls])).toEqual(["all.proxy:1080", "wss.proxy:2"])
  })

  test("hosts may be reached directly", function* () {
    const rules = { all: "http://proxy:1", bypass: ["example.com:443", "10.0.0.0/8"] }
    const inner: Target = { host: "10.1.2.3", port: 80, secure: false }
    expect(yield* ways(Proxies.layer(rules), [plain, tls, inner])).toEqual(["proxy:1", direct[1], "10.1.2.3:80"])
  })

  test("the scheme of a proxy says what is spoken with it", function* () {
    const first = yield* throughProxy(Proxies.layer({ all: "http://anna:hunter2@proxy:1" }))
    yield* Effect.fork(first.connect(plain))
    expect(yield* (yield* first.accept).until("\r\n\r\n")).toContain("Proxy-Authorization: Basic YW5uYTpodW50ZXIy\r\n")
    const second = yield* throughProxy(Proxies.layer({ all: Redacted.make("socks5h://proxy:1") }))
    yield* Effect.fork(second.connect(plain))
    expect(toHex(yield* (yield* second.accept).take(3))).toBe("050100")
    const third = yield* throughProxy(Proxies.layer({ all: "https://proxy" }))
    yield* Effect.fork(third.connect(plain))
    yield* turns(4)
    expect(third.targets).toEqual([{ host: "proxy", port: 443, secure: true }])
  })

  for (const [option, rules] of [
    ["ws", { ws: "ftp://anna:hunter2@proxy/" }],
    ["wss", { wss: "http://anna:hunter2@proxy:0/" }],
    ["all", { all: Redacted.make("http://anna:hunter2@/") }],
    ["auth", { all: "http://a%3ab:hunter2@proxy/" }],
    ["bypass", { bypass: ["a b"] }]
  ] as const) {
    test(`${option} is checked, and its error tells no secret`, function* () {
      const error = yield* Effect.flip(throughProxy(Proxies.layer(rules)))
      expect(error).toMatchObject({ _tag: "OptionError", option })
      expect(String(error)).not.toMatch(/hunter2|anna/)
    })
  }
})

describe("rules from the configuration", () => {
  test("are those of the application's own names", function* () {
    const layer = Proxies.layerConfig({
      all: Config.redacted("PROXY"),
      bypass: Config.array(Config.string(), "DIRECT")
    })
    const values = new Map([
      ["PROXY", "http://proxy:1"],
      ["DIRECT", "a.example,b.example"]
    ])
    const configured = Layer.provide(layer, Layer.setConfigProvider(ConfigProvider.fromMap(values)))
    const other: Target = { host: "b.example", port: 80, secure: false }
    expect(yield* ways(configured, [plain, other])).toEqual(["proxy:1", "b.example:80"])
  })
})

describe("the environment, when it is asked for", () => {
  for (const [name, variables, expected] of [
    ["nothing is set", {}, direct],
    ["HTTP_PROXY is for ws:", { HTTP_PROXY: "http://a:1" }, ["a:1", direct[1]]],
    ["HTTPS_PROXY is for wss:", { HTTPS_PROXY: "http://a:1" }, [direct[0], "a:1"]],
    ["ALL_PROXY is for both", { ALL_PROXY: "socks5://a:1" }, ["a:1", "a:1"]],
    ["what is more special counts", { ALL_PROXY: "http://a:1", https_proxy: "http://b:2" }, ["a:1", "b:2"]],
    ["lower case counts before upper case", { http_proxy: "http://a:1", HTTP_PROXY: "http://b:2" }, ["a:1", direct[1]]],
    ["an empty variable is none", { http_proxy: "", HTTP_PROXY: "http://b:2", ALL_PROXY: "" }, ["b:2", direct[1]]],
    ["a scheme may be missing", { ALL_PROXY: "a:1" }, ["a:1", "a:1"]],
    ["NO_PROXY is a list", { ALL_PROXY: "a:1", NO_PROXY: "x.example, server.example.com" }, direct],
    ["NO_PROXY: spaces separate too", { ALL_PROXY: "a:1", no_proxy: "x.example .example.com" }, direct],
    ["NO_PROXY: * is all", { ALL_PROXY: "a:1", NO_PROXY: "*" }, direct],
    ["NO_PROXY: what is none is left out", { ALL_PROXY: "a:1", NO_PROXY: "?,[,.com" }, direct],
    [
      "CVE-2016-5385: HTTP_PROXY is the client's in a CGI program",
      { REQUEST_METHOD: "GET", HTTP_PROXY: "a:1" },
      direct
    ],
    ["http_proxy is not", { REQUEST_METHOD: "GET", http_proxy: "a:1" }, ["a:1", direct[1]]]
  ] as const) {
    test(name, function* () {
      expect(yield* ways(environment(variables), [plain, tls])).toEqual(expected)
    })
  }

  test("a variable that is no URI is an OptionError, without its value", function* () {
    const error = yield* Effect.flip(throughProxy(environment({ HTTPS_PROXY: "ftp://anna:hunter2@a" })))
    expect(error).toMatchObject({ _tag: "OptionError", option: "wss" })
    expect(String(error)).not.toContain("hunter2")
  })
})
