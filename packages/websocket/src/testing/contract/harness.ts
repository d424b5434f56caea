/**
 * What the cases of the transport contract are made of: a connection with both ends in hand, ways to read, and checks.
 *
 * Checks fail with a `ContractViolation` that says what the contract demands. Nothing here waits for time to pass, except
 * that a case which does not come to its end fails after a while.
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import type { YieldWrap } from "effect/Utils"
import { hostTurn } from "../../host/HostTurn.js"
import { Listener } from "../../Listener.js"
import { type Address, type Duplex, type FlowControl, type Target, Transport } from "../../Transport.js"
import type { TransportError } from "../../WebSocketError.js"

/** One sentence of the contract, and the program that checks it. */
export interface ContractCase {
  readonly name: string
  readonly effect: Effect.Effect<void, unknown, Transport | Listener | Scope.Scope>
}

/** The transport does not keep the contract. */
export class ContractViolation extends Data.TaggedError("ContractViolation")<{ readonly message: string }> {}

/** A case; one that hangs fails after 10 s of Effect's Clock. */
export const contractCase = (
  name: string,
  body: () => Generator<YieldWrap<Effect.Effect<unknown, unknown, Transport | Listener | Scope.Scope>>, void>
): ContractCase => ({
  name,
  effect: Effect.timeoutFail(Effect.gen(body), {
    duration: "10 seconds",
    onTimeout: () => new ContractViolation({ message: `${name}: still waiting after 10 s` })
  })
})

/** Fails unless the condition holds. */
export const check = (condition: boolean, message: string): Effect.Effect<void, ContractViolation> =>
  condition ? Effect.void : Effect.fail(new ContractViolation({ message }))

/** Fails unless the octets are the same. */
export const checkOctets = (
  actual: Uint8Array,
  expected: Uint8Array,
  what: string
): Effect.Effect<void, ContractViolation> => {
  const wrong = expected.findIndex((octet, index) => actual[index] !== octet)
  return check(
    actual.length === expected.length && wrong < 0,
    `${what}: ${actual.length} octets arrived where ${expected.length} were sent; the first wrong one is ${wrong}`
  )
}

/** Lets whatever can go on without us go on. */
export const turns = (count = 20): Effect.Effect<void> => Effect.repeatN(hostTurn, count)

/** Octets which reveal a wrong order: no period that is a power of two. */
export const octets = (length: number, seed = 0): Uint8Array => {
  const all = new Uint8Array(length)
  // A loop: cases make megabytes of them, and `Uint8Array.from` takes fourteen times as long (404 and 29 ms for 5 MiB).
  for (let index = 0; index < length; index++) all[index] = index * 7 + Math.floor(index / 251) + seed
  return all
}

export const concat = (chunks: ReadonlyArray<Uint8Array>): Uint8Array => {
  const all = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0))
  let offset = 0
  for (const chunk of chunks) {
    all.set(chunk, offset)
    offset += chunk.length
  }
  return all
}

const hostOf = (address: Address): Pick<Target, "host" | "port"> => {
  switch (address._tag) {
    case "TcpAddress":
      return { host: address.hostname, port: address.port }
    case "UnixAddress":
      return { host: "localhost", port: 80 }
    case "MemoryAddress":
      return { host: address.name, port: 80 }
  }
}

/** Connects to the Listener. */
export const connect: Effect.Effect<Duplex, TransportError, Transport | Listener | Scope.Scope> = Effect.gen(
  function* () {
    const { address, secure } = yield* Listener
    const transport = yield* Transport
    return yield* transport.connect({ ...hostOf(address), secure })
  }
)

/** Opens connections, with both ends in hand; they live as long as the Scope. */
const opener = Effect.gen(function* () {
  const listener = yield* Listener
  const accepted = yield* Queue.unbounded<Exit.Exit<Duplex, TransportError>>()
  const use = (duplex: Duplex) => Effect.zipRight(accepted.offer(Exit.succeed(duplex)), Effect.never)
  yield* Effect.forkScoped(Effect.tapError(listener.accept(use), (error) => accepted.offer(Exit.fail(error))))
  return Effect.gen(function* () {
    const client = yield* connect
    const server = yield* Effect.flatten(accepted.take)
    return { client, server }
  })
})

/** Both ends of a new connection. */
export const connected = Effect.flatten(opener)

/** Two connections, one for each direction, with the writer and the reader: for what must hold both ways. */
export const bothWays = Effect.gen(function* () {
  const open = yield* opener
  const [forth, back] = [yield* open, yield* open]
  return [
    { way: "client to server", from: forth.client, to: forth.server },
    { way: "server to client", from: back.server, to: back.client }
  ] as const
})

/** Writes, and waits until all is passed on. */
export const send = (duplex: Duplex, chunk: Uint8Array): Effect.Effect<void, TransportError> =>
  Effect.suspend(() => {
    duplex.unsafeWrite([chunk])
    return duplex.drain
  })

/** Pulls until so many octets are there; copies them, since they are lent. */
export const read = (duplex: Duplex, length: number): Effect.Effect<Uint8Array, TransportError | ContractViolation> =>
  Effect.gen(function* () {
    const parts: Array<Uint8Array> = []
    let count = 0
    while (count < length) {
      const chunks = yield* duplex.pull
      yield* check(chunks.length > 0 && chunks.every((chunk) => chunk.length > 0), "pull gives octets, or fails")
      for (const chunk of chunks) {
        parts.push(chunk.slice())
        count += chunk.length
      }
    }
    return concat(parts)
  })

/** Pulls until the end; gives all octets and the failure. */
export const readAll = (duplex: Duplex): Effect.Effect<{ readonly all: Uint8Array; readonly error: TransportError }> =>
  Effect.suspend(() => {
    const parts: Array<Uint8Array> = []
    const step = Effect.map(duplex.pull, (chunks) => {
      for (const chunk of chunks) parts.push(chunk.slice())
    })
    return Effect.map(Effect.flip(Effect.forever(step)), (error) => ({ all: concat(parts), error }))
  })

/** What `unsafeReceive` has delivered. */
export interface Collected extends FlowControl {
  readonly all: () => Uint8Array
  readonly length: () => number
  readonly chunks: () => number
  readonly errors: ReadonlyArray<TransportError>
  /** Whether something came after the end, or the end before `unsafeReceive` had returned. */
  readonly isOutOfOrder: () => boolean
  /** Waits until so many octets are there; Infinity: until the end. */
  readonly until: (length: number) => Effect.Effect<void>
}

/** Begins to receive. `onChunk` is called within each delivery. */
export const collect = (duplex: Duplex, onChunk: (flow: FlowControl | undefined) => void = () => {}): Collected => {
  const parts: Array<Uint8Array> = []
  const errors: Array<TransportError> = []
  let length = 0
  let isOutOfOrder = false
  let flow: FlowControl | undefined
  let wake = () => {}
  flow = duplex.unsafeReceive(
    (chunk) => {
      isOutOfOrder ||= errors.length > 0
      parts.push(chunk.slice())
      length += chunk.length
      onChunk(flow)
      wake()
    },
    (error) => {
      isOutOfOrder ||= flow === undefined
      errors.push(error)
      wake()
    }
  )
  const until = (wanted: number): Effect.Effect<void> =>
    Effect.async((resume) => {
      wake = () => {
        if (length >= wanted || errors.length > 0) resume(Effect.void)
      }
      wake()
    })
  const control = flow
  return {
    pause: () => control.pause(),
    resume: () => control.resume(),
    all: () => concat(parts),
    length: () => length,
    chunks: () => parts.length,
    errors,
    isOutOfOrder: () => isOutOfOrder,
    until
  }
}

/** Writes to a peer that does not read, until the transport keeps some of it. Gives how many octets were written. */
export const fill = (duplex: Duplex): Effect.Effect<number, ContractViolation> =>
  Effect.gen(function* () {
    const step = octets(256 * 1024)
    for (let written = step.length; written <= 64 * 1024 * 1024; written += step.length) {
      duplex.unsafeWrite([step.slice()])
      if (duplex.unsafeBuffered() > 0) yield* turns(5)
      if (duplex.unsafeBuffered() > 0) return written
    }
    return yield* check(false, "unsafeBuffered grows when the peer does not read").pipe(Effect.as(0))
  })

/** Fails unless it is a failure that ends a connection. */
export const checkFailed = (exit: Exit.Exit<unknown, TransportError>, what: string) =>
  check(Exit.isFailure(exit), `${what} fails when the connection has ended`)
