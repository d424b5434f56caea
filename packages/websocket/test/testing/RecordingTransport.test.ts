import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/TestClock"
import { Listener } from "../../src/Listener.js"
import * as MemoryTransport from "../../src/MemoryTransport.js"
import { type Duplex, Transport } from "../../src/Transport.js"
import * as RecordingTransport from "../../src/testing/RecordingTransport.js"
import { transportContract } from "../../src/testing/transportContract.js"

const memory = MemoryTransport.layerWith({ latency: "10 millis" })
const recording = RecordingTransport.layer.pipe(Layer.provideMerge(memory))
const recordingListener = RecordingTransport.layerListener.pipe(Layer.provideMerge(memory))

describe("Transport contract over memory, recorded", () => {
  const layer = RecordingTransport.layer.pipe(Layer.provideMerge(MemoryTransport.layer))
  for (const { effect, name } of transportContract) it.scopedLive(name, () => Effect.provide(effect, layer))
})

/** A client sends 1 2, the server answers 3 and ends. */
const conversation = Effect.gen(function* () {
  const answer = (duplex: Duplex) =>
    Effect.ignore(
      Effect.flatMap(duplex.pull, () => {
        duplex.unsafeWrite([Uint8Array.of(3)])
        return duplex.teardown("server")
      })
    )
  yield* Effect.flatMap(Listener, (listener) => Effect.forkScoped(listener.accept(answer)))
  const transport = yield* Transport
  const duplex = yield* transport.connect({ host: "memory", port: 80, secure: false })
  duplex.unsafeWrite([Uint8Array.of(1), Uint8Array.of(2)])
  yield* duplex.pull
  yield* duplex.teardown("client")
})

const seen = Effect.gen(function* () {
  const running = yield* Effect.fork(Effect.scoped(conversation))
  for (let millis = 0; millis < 50; millis += 10) yield* TestClock.adjust("10 millis")
  yield* Fiber.join(running)
  const { entries, received, sent } = yield* RecordingTransport.Recording
  const lines = (yield* entries).map((entry) => {
    const what = "octets" in entry ? entry.octets.join(" ") : entry._tag === "Failed" ? entry.error.reason._tag : ""
    return `${entry.connection} ${entry.time} ${entry._tag} ${what}`.trim()
  })
  return { lines, sent: [...(yield* sent)], received: [...(yield* received)] }
})

describe("RecordingTransport", () => {
  it.scoped("records the octets each way, in order, with the time of the Clock", () =>
    Effect.gen(function* () {
      const { lines, received, sent } = yield* seen
      expect(lines.slice(0, 5)).toEqual([
        "0 0 Sent 1",
        "0 0 Sent 2",
        "0 20 Received 3",
        "0 20 Failed EndOfStream",
        "0 20 Ended"
      ])
      expect([sent, received]).toEqual([[1, 2], [3]])
    }).pipe(Effect.provide(recording))
  )

  it.scoped("records a server", () =>
    Effect.gen(function* () {
      const { lines, received, sent } = yield* seen
      expect(lines.slice(0, 3)).toEqual(["0 10 Received 1 2", "0 10 Sent 3", "0 10 Ended"])
      expect([sent, received]).toEqual([[3], [1, 2]])
    }).pipe(Effect.provide(recordingListener))
  )

  it.scoped("keeps copies: what the application does to its octets afterwards is not seen", () =>
    Effect.gen(function* () {
      const transport = yield* Transport
      const duplex = yield* transport.connect({ host: "memory", port: 80, secure: false })
      const octets = Uint8Array.of(1, 2, 3)
      duplex.unsafeWrite([octets])
      octets.fill(0)
      const { sent } = yield* RecordingTransport.Recording
      expect([...(yield* sent)]).toEqual([1, 2, 3])
    }).pipe(Effect.provide(recording))
  )
})
