/**
 * The contract of abnormal ends (RFC 6455 §7.1.7, §7.2): a peer that goes away, or breaks the protocol, at any moment.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Listener from "../../Listener.js"
import type { Duplex } from "../../Transport.js"
import type { ReceiveError } from "../../WebSocketError.js"
import {
  bare,
  bareClient,
  bareServer,
  check,
  checkLost,
  checkMessages,
  connect,
  contractCase,
  echo,
  readUntil,
  receiveAll,
  requestOctets,
  serving,
  turns,
  until,
  type WebSocketContractCase
} from "./harness.js"

/** A masked text of 5 octets (RFC 6455 §5.7), and the same from a server. */
const masked = Uint8Array.of(0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58)
const unmasked = Uint8Array.of(0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f)

/** How a peer goes away. */
const departures: ReadonlyArray<readonly [name: string, depart: (duplex: Duplex) => Effect.Effect<void>]> = [
  ["half-close", (duplex) => duplex.end],
  ["hard close", (duplex) => duplex.abort]
]

/** Where: after so many octets of a frame. */
const moments = [0, 1, 5, 7]

/** What a server's connection ends with when this client of bare octets does that. */
const serverSees = (act: (duplex: Duplex) => Effect.Effect<unknown, unknown>) =>
  Effect.gen(function* () {
    const ended = yield* Deferred.make<ReceiveError>()
    const server = yield* serving((ws) => Effect.flatMap(receiveAll(ws), ({ error }) => Deferred.succeed(ended, error)))
    const { duplex } = yield* bareClient
    yield* act(duplex)
    const error = yield* Deferred.await(ended)
    yield* duplex.abort
    yield* Fiber.interrupt(server)
    return error
  })

/** What a client's connection ends with when this server of bare octets does that. */
const clientSees = (act: (duplex: Duplex) => Effect.Effect<unknown, unknown>) =>
  Effect.scoped(
    Effect.gen(function* () {
      yield* bareServer((duplex) =>
        Effect.zipRight(
          act(duplex),
          readUntil(duplex, () => false)
        )
      )
      return (yield* receiveAll(yield* connect())).error
    })
  )

const writeSome = (duplex: Duplex, frame: Uint8Array, count: number) =>
  Effect.zipRight(
    Effect.sync(() => {
      if (count > 0) duplex.unsafeWrite([frame.slice(0, count)])
    }),
    Effect.ignore(duplex.drain)
  )

const checkViolation = (error: ReceiveError, reason: string, code: number, what: string) =>
  check(
    error._tag === "ProtocolError" && error.reason._tag === reason && error.reason.closeCode === code,
    `${what}: ${reason} with ${code}, not ${error.message}`
  )

/** The Close frame of a server, which is not masked, with this code, is at the begin. */
const isClose = (octets: Uint8Array, code: number): boolean =>
  octets[0] === 0x88 && (octets[2]! << 8) + octets[3]! === code

/** The cases of ending badly. */
export const losing: ReadonlyArray<WebSocketContractCase> = [
  contractCase(
    "RFC 6455 §7.1.5: a client that goes away without a Close is a TransportError, never a success",
    function* () {
      for (const [name, depart] of departures) {
        for (const count of moments) {
          const error = yield* serverSees((duplex) => Effect.zipRight(writeSome(duplex, masked, count), depart(duplex)))
          yield* checkLost(error, `${name} after ${count} octets of a frame`)
        }
      }
    }
  ),
  contractCase(
    "RFC 6455 §7.1.5: a server that goes away without a Close is a TransportError, never a success",
    function* () {
      for (const [name, depart] of departures) {
        for (const count of moments) {
          const error = yield* clientSees((duplex) =>
            Effect.zipRight(writeSome(duplex, unmasked, count), depart(duplex))
          )
          yield* checkLost(error, `${name} after ${count} octets of a frame`)
        }
      }
    }
  ),
  contractCase(
    "a client that resets at any octet of its handshake is a typed failure, and the server goes on",
    function* () {
      const told: Array<string> = []
      yield* serving(echo, { onHandshakeError: ({ _tag }) => Effect.sync(() => void told.push(_tag)) })
      const request = requestOctets("a")
      const cuts = [0, 1, 15, 40, request.length - 1]
      for (const count of cuts) {
        const duplex = yield* bare
        yield* writeSome(duplex, request, count)
        yield* turns()
        yield* duplex.abort
      }
      yield* until(() => told.length === cuts.length)
      yield* check(
        told.every((tag) => tag === "TransportError" || tag === "HandshakeError"),
        `typed failures: ${told}`
      )
      const ws = yield* connect()
      yield* ws.send("after all of them")
      yield* checkMessages(ws, ["after all of them"], "another client")
    }
  ),
  contractCase("a server that resets at any octet of its response fails connect with a typed error", function* () {
    const response = new Uint8Array([..."HTTP/1.1 101 Switching Protocols\r\nUpgrade: web"].map((c) => c.charCodeAt(0)))
    const listener = yield* Listener.Listener
    let count = 0
    const use = (duplex: Duplex) =>
      readUntil(duplex, ({ length }) => length > 100).pipe(
        Effect.zipRight(Effect.suspend(() => writeSome(duplex, response, count))),
        Effect.zipRight(duplex.abort)
      )
    yield* Effect.forkScoped(listener.accept(use))
    for (count of [0, 1, 12, response.length]) {
      const { _tag } = yield* Effect.flip(Effect.scoped(connect()))
      yield* check(_tag === "TransportError" || _tag === "HandshakeError", `after ${count} octets: ${_tag}`)
    }
  }),
  contractCase("a peer that resets while we send makes the send fail, typed", function* () {
    yield* bareServer(({ abort, drain }) => Effect.zipRight(Effect.ignore(drain), abort))
    const ws = yield* connect()
    const error = yield* Effect.flip(Effect.forever(Effect.zipRight(ws.send("x".repeat(1000)), turns(1))))
    yield* check(error._tag === "SendError" && error.reason._tag === "Closed", `Closed, not ${error.message}`)
    const closure = yield* ws.closed
    yield* check(!closure.clean && closure.cause?._tag === "TransportError", "the closure is not clean, and says why")
  }),
  contractCase("a peer that resets ends pings, closes and receives alike, with the one failure", function* () {
    yield* bareServer((duplex) => Effect.zipRight(turns(50), duplex.abort))
    const ws = yield* connect()
    const receiving = yield* Effect.fork(Effect.flip(ws.receive))
    const pinging = yield* Effect.fork(Effect.flip(ws.ping()))
    const [first, second] = [yield* Fiber.join(receiving), yield* Fiber.join(pinging)]
    yield* check(first === second, `one failure for all, not ${first.message} and ${second.message}`)
    yield* check((yield* ws.close()).cause === first, "close tells it too")
  }),
  contractCase("RFC 6455 §5.1: an unmasked frame to a server: 1002, and a ProtocolError", function* () {
    const error = yield* serverSees((duplex) =>
      Effect.gen(function* () {
        duplex.unsafeWrite([unmasked.slice()])
        const answer = yield* readUntil(duplex, ({ length }) => length >= 4)
        yield* check(isClose(answer, 1002), `a Close frame with 1002, not ${answer}`)
      })
    )
    yield* checkViolation(error, "BadUnmaskedFrame", 1002, "the server")
  }),
  contractCase("RFC 6455 §5.1: a masked frame to a client: 1002, and a ProtocolError", function* () {
    const error = yield* clientSees((duplex) => Effect.sync(() => duplex.unsafeWrite([masked.slice()])))
    yield* checkViolation(error, "BadMaskedFrame", 1002, "the client")
  }),
  contractCase("RFC 6455 §8.1: text that is not UTF-8: 1007, at the first bad octet", function* () {
    const error = yield* clientSees((duplex) =>
      Effect.sync(() => duplex.unsafeWrite([Uint8Array.of(0x81, 0x7d, 0x61, 0xff)]))
    )
    yield* checkViolation(error, "BadFramePayload", 1007, "the client")
  }),
  contractCase("a peer that does not answer our Close is given up within the limit", function* () {
    yield* bareServer(() => Effect.never)
    const ws = yield* connect({ limits: { closeTimeout: 50 } })
    const closure = yield* ws.close(4000)
    yield* check(
      !closure.clean && closure.cause?._tag === "TimeoutError" && closure.cause.phase === "Close",
      `a TimeoutError of the closing, not ${closure.cause?.message}`
    )
  }),
  contractCase("a server of octets that are not HTTP fails connect with a HandshakeError", function* () {
    const listener = yield* Listener.Listener
    const greeting = new Uint8Array([..."SSH-2.0-OpenSSH_9.0\r\n\r\n"].map((c) => c.charCodeAt(0)))
    yield* Effect.forkScoped(
      listener.accept((duplex) => Effect.zipRight(writeSome(duplex, greeting, greeting.length), Effect.never))
    )
    const error = yield* Effect.flip(Effect.scoped(connect()))
    yield* check(
      error._tag === "HandshakeError" && error.reason._tag === "HttpError",
      `an HttpError, not ${error.message}`
    )
  })
]
