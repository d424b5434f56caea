import { fileURLToPath } from "node:url"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { Transport } from "effect-websocket/Transport"
import * as WebSocket from "effect-websocket/WebSocket"
import { exitCode } from "../src/ExitCode.js"
import * as Network from "../src/Network.js"
import { commandLine, inputUntil, memory, until } from "./support/commandLine.js"

/** Serves while `use` runs, and is interrupted then; gives the address that was printed. */
const serving = <A, E, R>(args: ReadonlyArray<string>, use: (uri: string) => Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const line = commandLine(["serve", ...args])
    const fiber = yield* Effect.fork(line.code)
    yield* until(() => line.text() !== "")
    const result = yield* Effect.scoped(use(line.text().trim()))
    expect(exitCode(yield* Fiber.interrupt(fiber))).toBe(130)
    return result
  })

/** The answer to a GET, whole. */
const get = (target: string, method = "GET") =>
  Effect.gen(function* () {
    const { connect } = yield* Transport
    const duplex = yield* connect({ host: "memory", port: 80, secure: false })
    const request = `${method} ${target} HTTP/1.1\r\nHost: memory\r\nConnection: close\r\n\r\n`
    duplex.unsafeWrite([new TextEncoder().encode(request)])
    let text = ""
    yield* Effect.exit(
      Effect.forever(
        Effect.map(duplex.pull, (chunks) => {
          for (const octets of chunks) text += new TextDecoder().decode(octets)
        })
      )
    )
    return text
  })

const file = (name: string) => fileURLToPath(new URL(`../../node/test/fixtures/tls/${name}.pem`, import.meta.url))

describe("effect-ws serve", () => {
  it.live("is an echo, with the subprotocols and the compression that it was given", () =>
    serving(["-s", "chat.v1", "--compress"], (uri) =>
      Effect.gen(function* () {
        expect(uri).toBe("ws://memory/")
        const ws = yield* WebSocket.connect(uri, { subprotocols: ["chat.v2", "chat.v1"] })
        expect(ws.negotiated.subprotocol).toBe("chat.v1")
        yield* ws.send("hello")
        expect(yield* ws.receive).toBe("hello")
      })
    ).pipe(Effect.provide(memory))
  )

  it.live("--broadcast: what one says the others hear, and it does not", () =>
    serving(["--broadcast"], (uri) =>
      Effect.gen(function* () {
        const [one, two, three] = yield* Effect.all([1, 2, 3].map(() => WebSocket.connect(uri)))
        // Who has been answered is a member.
        for (const ws of [one!, two!, three!]) yield* ws.ping()
        yield* one!.send("from one")
        expect(yield* two!.receive).toBe("from one")
        yield* two!.send("from two")
        expect(yield* one!.receive).toBe("from two")
        expect([yield* three!.receive, yield* three!.receive]).toEqual(["from one", "from two"])
      })
    ).pipe(Effect.provide(memory))
  )

  it.live("--broadcast: who reads nothing is closed with 1013, and holds up nobody", () =>
    serving(["--broadcast"], (uri) =>
      Effect.gen(function* () {
        const [one, two, slow] = yield* Effect.all([1, 2, 3].map(() => WebSocket.connect(uri)))
        for (const ws of [one!, two!, slow!]) yield* ws.ping()
        const megabyte = "x".repeat(1024 * 1024)
        for (let count = 0; count < 8; count++) {
          yield* one!.send(megabyte)
          expect((yield* two!.receive).length).toBe(megabyte.length)
        }
        yield* Effect.exit(slow!.run(() => {}))
        expect(Option.getOrThrow((yield* slow!.closed).received).code).toBe(1013)
      })
    ).pipe(Effect.provide(memory))
  )

  it.live("shows browsers a page, or the one it was given; other targets are 404, other methods 405", () =>
    Effect.gen(function* () {
      yield* serving([], () =>
        Effect.gen(function* () {
          const page = yield* get("/?a=b")
          expect(page).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
          expect(page).toContain("Content-Security-Policy: default-src 'none'")
          expect(page).toContain("<title>effect-ws</title>")
          expect(yield* get("/other")).toMatch(/^HTTP\/1\.1 404 /)
          expect(yield* get("/", "POST")).toMatch(/^HTTP\/1\.1 405 /)
        })
      )
      yield* serving(["--page", file("ca")], () =>
        Effect.map(get("/"), (page) => expect(page).toContain("BEGIN CERTIFICATE"))
      )
    }).pipe(Effect.provide(memory))
  )

  it.live("--origin: pages of no other origin may connect (RFC 6455 §10.2)", () =>
    serving(["--origin", "https://example.com"], (uri) =>
      Effect.gen(function* () {
        const from = (origin: string) => WebSocket.connect(uri, { fields: { Origin: origin } })
        yield* from("https://example.com")
        expect((yield* Effect.flip(from("http://memory")))._tag).toBe("HandshakeError")
      })
    ).pipe(Effect.provide(memory))
  )
})

describe("TLS, over loopback", () => {
  const tls = ["--cert", file("server"), "--key", file("server-key")]
  const client = (...args: ReadonlyArray<string>) => {
    const line = commandLine(["connect", "--wait", "0", ...args], {
      input: inputUntil("hello\n", () => line.text() !== "")
    })
    return Effect.map(line.code, (code) => ({ code, text: line.text(), notes: line.notes.join("\n") }))
  }
  const said = { code: 0, text: "hello\n" }

  it.live("a certificate is verified, unless --insecure says otherwise; --ca and --server-name say how", () =>
    serving(tls, (uri) =>
      Effect.gen(function* () {
        expect(uri).toMatch(/^wss:\/\/127\.0\.0\.1:\d+\/$/)
        const unknown = yield* client(uri)
        expect(unknown.code).toBe(3)
        expect(unknown.notes).toContain("the TLS handshake failed")
        expect(yield* client("--insecure", uri)).toMatchObject(said)
        expect(yield* client("--ca", file("ca"), uri)).toMatchObject(said)
        expect(yield* client("--ca", file("ca"), "--server-name", "localhost", uri)).toMatchObject(said)
        expect((yield* client("--ca", file("ca"), "--server-name", "other.example", uri)).code).toBe(3)
      })
    ).pipe(Effect.provide(Network.layer))
  )

  it.live("with --ca clients must have a certificate", () =>
    serving([...tls, "--ca", file("ca")], (uri) =>
      Effect.gen(function* () {
        const known = ["--cert", file("client"), "--key", file("client-key")]
        expect(yield* client("--ca", file("ca"), ...known, uri)).toMatchObject(said)
        expect((yield* client("--ca", file("ca"), uri)).code).toBe(3)
      })
    ).pipe(Effect.provide(Network.layer))
  )

  it.live("a port that is taken is 3", () =>
    serving([], (uri) =>
      Effect.gen(function* () {
        const second = commandLine(["serve", "--port", new URL(uri).port])
        expect(yield* second.code).toBe(3)
        expect(second.notes.join()).toContain("EADDRINUSE")
      })
    ).pipe(Effect.provide(Network.layer))
  )
})
