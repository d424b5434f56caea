import { describe, expect, it } from "@effect/vitest"
import { Fields } from "@effect-websocket/protocol/http/Fields"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type * as Handshake from "effect-websocket/Handshake"
import { everyFailureAt, layerListenerAt } from "effect-websocket/testing/FailingTransport"
import { accepting, acceptingLayer, type Source } from "../support/accepting.js"
import { leavesNoFiber } from "../support/fibers.js"
import { leavesNothing } from "../support/leaks.js"
import { tagsOf } from "../support/underTest.js"
import { tagOf } from "./codes.js"
import { differs, titled } from "./deviations.js"
import { handshakeTimeouts } from "./handshakeTimeouts.js"

const host = "Host: localhost:80\r\n"
const upgrade = "Upgrade: WebSocket\r\n"
const connection = "Connection: keep-alive,upgrade\r\n"
const key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
const version = "Sec-WebSocket-Version: 13\r\n"

const get = (...fields: ReadonlyArray<string>): string => `GET / HTTP/1.1\r\n${fields.join("")}\r\n`

/** The request in two parts, and an additional field if any. */
const parts = (field = "") =>
  [`GET / HTTP/1.1\r\n${host}${upgrade}`, `${connection}${key}${version}${field}\r\n`] as const

const message: Handshake.RequestHead = {
  method: "GET",
  target: "/",
  version: "1.1",
  fields: Fields.from({
    Host: "localhost",
    Upgrade: "websocket",
    Connection: "upgrade",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13"
  })
}

/** Where the octets of a request may be. */
const sources = (field?: string): Readonly<Record<string, Source>> => {
  const [first, second] = parts(field)
  return {
    "request in stream": { streamed: first + second, readSize: 20 },
    "request in buffers": { buffered: first + second },
    "request in buffers and stream": { buffered: first, streamed: second, readSize: 16 }
  }
}

const decorators: Readonly<Record<string, Handshake.AcceptOptions>> = {
  "": {},
  ", decorator": { decorateResponse: () => ({ Server: "decorated" }) }
}

/** The reply is a 101, and shows what the decorator has given. */
const expectAccepted = (answer: string, { decorateResponse }: Handshake.AcceptOptions) => {
  expect(answer).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/)
  expect(answer).toContain("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n")
  expect(answer.includes("Server: decorated\r\n")).toBe(decorateResponse !== undefined)
}

const failureOf = <E>(exit: Exit.Exit<unknown, E>): E =>
  Option.getOrThrow(Exit.isFailure(exit) ? Cause.failureOption(exit.cause) : Option.none())

describe("Beast accept.cpp: testMatrix (PARITY §17.1), each operation of the transport failing once", () => {
  leavesNothing()
  for (const [name, source] of Object.entries({ ...sources(), "request in message": { message } })) {
    for (const [decorated, options] of Object.entries(decorators)) {
      it.live(name + decorated, () =>
        Effect.gen(function* () {
          const exits = yield* everyFailureAt((point) =>
            Effect.provide(leavesNoFiber(accepting(source, options)), layerListenerAt(point))
          )
          const made = exits.map((exit) =>
            Exit.getOrElse(exit, () => expect.fail("a handshake is never a failure here"))
          )
          expect(made.length).toBeGreaterThan(1)
          for (const { exit } of made.slice(0, -1)) {
            if (Exit.isFailure(exit)) expect(failureOf(exit)._tag).toMatch(/^(TransportError|Lost)$/)
          }
          const { answer, exit } = made.at(-1)!
          expect(exit).toMatchObject(Exit.succeed({ accepted: { negotiated: { request: { target: "/" } } } }))
          expectAccepted(answer, options)
        }).pipe(Effect.provide(acceptingLayer(source)))
      )
    }
  }

  it.live("request in message, close frame in stream", () =>
    Effect.gen(function* () {
      const source = { message, streamed: "\x88\x82\xff\xff\xff\xff\xfc\x17" }
      const { exit } = yield* Effect.scoped(accepting(source))
      const { ws } = yield* exit
      expect(yield* Effect.flip(ws.receive)).toMatchObject({ _tag: "Closed" })
      expect(yield* ws.closed).toMatchObject({ clean: true, received: Option.some({ code: 1000, reason: "" }) })
    }).pipe(Effect.provide(acceptingLayer({})))
  )
})

describe("Beast accept.cpp: testOversized (PARITY §17.1)", () => {
  leavesNothing()
  const field = `X1: ${"*".repeat(2000)}\r\n`
  for (const [name, source] of Object.entries(sources(field))) {
    for (const [decorated, options] of Object.entries(decorators)) {
      const different = differs("a request head of over 1536 octets fails")
      it.live(titled(`${name}${decorated}: buffer_overflow`, different), () =>
        Effect.gen(function* () {
          const { answer, exit } = yield* Effect.scoped(accepting(source, options))
          expect(Exit.isSuccess(exit)).toBe(true)
          expectAccepted(answer, options)
        }).pipe(Effect.provide(acceptingLayer(source)))
      )

      it.live(`${name}${decorated}: a limit of 1536 octets is answered with 431`, () =>
        Effect.gen(function* () {
          const limited = { ...options, limits: { maxHeadSize: 1536 } }
          const { answer, exit } = yield* Effect.scoped(accepting(source, limited))
          expect(tagsOf(failureOf(exit))).toBe("HandshakeError.HttpError.HeadTooLarge")
          expect(answer).toMatch(/^HTTP\/1\.1 431 /)
        }).pipe(Effect.provide(acceptingLayer(source)))
      )
    }
  }
})

/** Beast's error code, a request, and the status of our answer: Beast's is 400, or 426 for another version. */
interface Invalid {
  readonly code: string
  readonly request: string
  readonly status: number
  readonly differs?: string
}

const noUpgrade = differs("a request that asks for no upgrade gets 400")

const invalid: Readonly<Record<string, Invalid>> = {
  "bad version": {
    code: "bad_http_version",
    request: get(host, upgrade, connection, key, version).replace("1.1", "1.0"),
    status: 400
  },
  "bad method": {
    code: "bad_method",
    request: get(host, upgrade, connection, key, version).replace("GET", "POST"),
    status: 405,
    differs: differs("a method other than GET gets 400")
  },
  "no Host": { code: "no_host", request: get(upgrade, connection, key, version), status: 400 },
  "no Connection": {
    code: "no_connection",
    request: get(host, upgrade, key, version),
    status: 426,
    differs: noUpgrade
  },
  "no Connection upgrade": {
    code: "no_connection_upgrade",
    request: get(host, upgrade, "Connection: keep-alive\r\n", key, version),
    status: 426,
    differs: noUpgrade
  },
  "no Upgrade": {
    code: "no_upgrade",
    request: get(host, "Connection: upgrade\r\n", key, version),
    status: 426,
    differs: noUpgrade
  },
  "no Upgrade websocket": {
    code: "no_upgrade_websocket",
    request: get(host, "Upgrade: HTTP/2\r\n", "Connection: upgrade\r\n", key, version),
    status: 426,
    differs: noUpgrade
  },
  "no Sec-WebSocket-Key": { code: "no_sec_key", request: get(host, upgrade, connection, version), status: 400 },
  "bad Sec-WebSocket-Key": {
    code: "bad_sec_key",
    request: get(host, upgrade, connection, key.replace("==", "dGhlIHNhbXBsZSBub25jZQ=="), version),
    status: 400
  },
  "no Sec-WebSocket-Version": { code: "no_sec_version", request: get(host, upgrade, connection, key), status: 400 },
  "bad Sec-WebSocket-Version: 1": {
    code: "bad_sec_version",
    request: get(host, upgrade, connection, key, "Sec-WebSocket-Version: 1\r\n"),
    status: 426
  },
  "bad Sec-WebSocket-Version: 12": {
    code: "bad_sec_version",
    request: get(host, upgrade, connection, key, "Sec-WebSocket-Version: 12\r\n"),
    status: 426
  },
  "valid request": { code: "", request: get(host, upgrade, connection, key, version), status: 101 }
}

describe("Beast accept.cpp: testInvalidInputs (PARITY §17.1)", () => {
  leavesNothing()
  for (const [name, { code, differs: different, request, status }] of Object.entries(invalid)) {
    for (const count of [1, request.length >> 1, request.length - 1]) {
      const title = `${name}: ${code} ${status}, ${count} of ${request.length} octets in buffers`
      it.live(titled(title, different), () =>
        Effect.gen(function* () {
          const source = { buffered: request.slice(0, count), streamed: request.slice(count) }
          const { answer, exit } = yield* Effect.scoped(accepting(source))
          expect(answer.split(" ")[1]).toBe(String(status))
          if (code !== "") expect(tagsOf(failureOf(exit))).toBe(`HandshakeError.${tagOf(code)}`)
        }).pipe(Effect.provide(acceptingLayer({})))
      )
    }
  }
})

describe("Beast accept.cpp: issue 264 (PARITY §17.1)", () => {
  leavesNothing()
  const expectation = "Expect: 100-continue\r\n"
  for (const [name, request, status, different] of [
    [
      "a request with an expectation gets 100, and then 101",
      get(host, upgrade, connection, key, version, expectation),
      100,
      undefined
    ],
    [
      "a key of four characters is accepted",
      get(host, upgrade, connection, "Sec-WebSocket-Key: 1234\r\n", version, expectation),
      400,
      differs("a key of up to 24 characters of anything is accepted")
    ],
    [
      "a refusal is an answer by itself",
      get(host, upgrade, connection, version, expectation),
      400,
      differs("100 (Continue) has a Content-Length, and comes before refusals too")
    ]
  ] as const) {
    it.live(titled(name, different), () =>
      Effect.gen(function* () {
        const { answer, exit } = yield* Effect.scoped(accepting({ streamed: request }))
        expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
        // What was read is the first head; the 101 behind it is what the handshake succeeded with.
        if (status === 100) expect(answer).toBe("HTTP/1.1 100 Continue\r\n\r\n")
        expect(Exit.isSuccess(exit)).toBe(status === 100)
      }).pipe(Effect.provide(acceptingLayer({})))
    )
  }
})

handshakeTimeouts("accept.cpp: testAsync (PARITY §17.1)", "server")
