import type * as tls from "node:tls"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { defined } from "../src/NodeTlsClient.js"
import * as NodeTransport from "../src/NodeTransport.js"
import * as certificates from "./support/certificates.js"
import { until } from "./support/sockets.js"
import { tlsServer } from "./support/tlsServer.js"

const { ca } = certificates

interface Try {
  readonly server?: tls.TlsOptions
  readonly client?: NodeTransport.TlsOptions
  readonly host?: string
}

const attempt = ({ client = { ca }, host = "127.0.0.1", server = certificates.server }: Try) =>
  Effect.gen(function* () {
    const { port, sockets } = yield* tlsServer(server)
    const connecting = NodeTransport.makeTls(client).connect({ host, port, secure: true })
    return { result: yield* Effect.either(connecting), sockets }
  })

const succeeding = (options: Try) =>
  Effect.flatMap(attempt(options), ({ result, sockets }) =>
    Effect.map(result, (duplex) => ({ info: duplex.info, duplex, sockets }))
  )

const reasonOf = (options: Try) =>
  Effect.map(attempt(options), ({ result }) => (result._tag === "Left" ? result.left.reason : "connected"))

describe("RFC 6455 §4.1 step 5: the server's certificate must be verified", () => {
  it.scopedLive.each<readonly [string, Try, string]>([
    ["self-signed", { server: certificates.selfSigned }, "DEPTH_ZERO_SELF_SIGNED_CERT"],
    ["expired", { server: certificates.expired }, "CERT_HAS_EXPIRED"],
    ["for another host", { server: certificates.wrongHost }, "ERR_TLS_CERT_ALTNAME_INVALID"],
    ["of an unknown CA", { client: {} }, "UNABLE_TO_VERIFY_LEAF_SIGNATURE"],
    ["for another name than servername", { client: { ca, servername: "example.org" } }, "ERR_TLS_CERT_ALTNAME_INVALID"]
  ])("a certificate %s must be refused, with the code of OpenSSL or Node.js", ([, options, code]) =>
    Effect.map(reasonOf(options), (reason) => expect(reason).toEqual({ _tag: "TlsHandshake", code }))
  )

  it.scopedLive.each<readonly [string, Try]>([
    ["for 127.0.0.1", {}],
    ["for localhost", { host: "localhost" }],
    [
      "self-signed, if the application trusts it",
      { server: certificates.selfSigned, client: { ca: certificates.selfSigned.cert } }
    ],
    [
      "for another host, if servername says so",
      { server: certificates.wrongHost, client: { ca, servername: "example.org" } }
    ],
    [
      "for another host, if the application says so",
      { server: certificates.wrongHost, client: { ca, checkServerIdentity: () => undefined } }
    ],
    [
      "of any kind, with rejectUnauthorized: false",
      { server: certificates.selfSigned, client: { rejectUnauthorized: false } }
    ]
  ])("a certificate %s is accepted", ([, options]) =>
    Effect.map(reasonOf(options), (reason) => expect(reason).toBe("connected"))
  )

  it.scopedLive("a check of the application may refuse", () =>
    Effect.gen(function* () {
      const refusal = Object.assign(new Error("not that one"), { code: "PINNED" })
      const reason = yield* reasonOf({ client: { ca, checkServerIdentity: () => refusal } })
      expect(reason).toEqual({ _tag: "TlsHandshake", code: "PINNED" })
    })
  )

  it.scopedLive("options which OpenSSL does not understand are TlsHandshake", () =>
    Effect.gen(function* () {
      const { key } = certificates.client
      const reason = yield* reasonOf({ client: { ca, cert: certificates.server.cert, key } })
      expect(reason).toMatchObject({ _tag: "TlsHandshake", code: expect.stringContaining("KEY_VALUES_MISMATCH") })
    })
  )
})

describe("RFC 6066 §3 server_name", () => {
  it.scopedLive.each<readonly [string, Try, string | false]>([
    ["the name of the host is sent", { host: "localhost" }, "localhost"],
    ["an IP address is never sent", {}, false],
    [
      "servername is sent instead",
      { server: certificates.wrongHost, client: { ca, servername: "example.org" } },
      "example.org"
    ],
    ["nothing is sent for an empty servername", { host: "localhost", client: { ca, servername: "" } }, false]
  ])("%s", ([, options, sent]) =>
    Effect.gen(function* () {
      const { sockets } = yield* succeeding(options)
      yield* until(() => sockets.length === 1)
      expect(sockets[0]!.servername).toBe(sent)
    })
  )
})

describe("RFC 7301 ALPN", () => {
  const ask = (ALPNProtocols: Array<string>): tls.TlsOptions => ({ ...certificates.server, ALPNProtocols })

  it.scopedLive.each<readonly [string, Try, string | undefined]>([
    ["http/1.1 is offered", { server: ask(["http/1.1", "h2"]) }, "http/1.1"],
    ["a server without ALPN is accepted", {}, undefined],
    ["another protocol may be offered", { server: ask(["own"]), client: { ca, ALPNProtocols: ["own"] } }, "own"]
  ])("%s", ([, options, protocol]) =>
    Effect.gen(function* () {
      const { info } = yield* succeeding(options)
      expect(Option.getOrUndefined(info.alpn)).toBe(protocol)
    })
  )

  it.scopedLive("a server which has none of those offered is refused", () =>
    Effect.gen(function* () {
      expect(yield* reasonOf({ server: ask(["h2"]) })).toMatchObject({
        _tag: "TlsHandshake",
        code: expect.stringContaining("NO_APPLICATION_PROTOCOL")
      })
    })
  )

  it.scopedLive("HTTP/2 must not be agreed on, even if it was offered: nobody here speaks it", () =>
    Effect.gen(function* () {
      const options = { server: ask(["h2"]), client: { ca, ALPNProtocols: ["h2", "http/1.1"] } }
      const { result, sockets } = yield* attempt(options)
      expect(result).toMatchObject({ left: { reason: { _tag: "TlsHandshake", code: "NO_APPLICATION_PROTOCOL" } } })
      yield* until(() => sockets.every((socket) => socket.resume().destroyed || socket.readableEnded))
    })
  )
})

describe("sessions", () => {
  it.scopedLive("a session of before is resumed", () =>
    Effect.gen(function* () {
      const { port } = yield* tlsServer({ ...certificates.server, maxVersion: "TLSv1.2" })
      const target = { host: "localhost", port, secure: true }
      const first = (yield* NodeTransport.makeTls({ ca }).connect(target)).info.native as tls.TLSSocket
      const session = first.getSession()
      const second = (yield* NodeTransport.makeTls({ ca, session }).connect(target)).info.native as tls.TLSSocket
      expect([first.isSessionReused(), second.isSessionReused()]).toEqual([false, true])
    })
  )
})

describe("defined", () => {
  it("leaves out what is undefined, and nothing else", () => {
    expect(Object.keys(defined({ a: undefined, b: null, c: false, d: 0 }))).toEqual(["b", "c", "d"])
  })
})
