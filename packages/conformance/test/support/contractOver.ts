/** The contract of a WebSocket over one transport: everything above is the same, whatever the layer. */
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Supervisor from "effect/Supervisor"
import type { Listener } from "effect-websocket/Listener"
import type { Transport } from "effect-websocket/Transport"
import { webSocketContract } from "effect-websocket/testing/webSocketContract"
import * as WebSocket from "effect-websocket/WebSocket"
import { leavesNothing } from "./leaks.js"

const turn = Effect.async<void>((resume) => void setImmediate(() => resume(Effect.void)))

/** Runs the program; afterwards no fiber lives that it, or a connection of it, has started. */
const leavesNoFiber = <A, E>(program: Effect.Effect<A, E>) =>
  Effect.gen(function* () {
    const supervisor = yield* Supervisor.track
    yield* Effect.supervised(program, supervisor)
    for (let turns = 0; turns < 100 && (yield* supervisor.value).length > 0; turns++) yield* turn
    expect((yield* supervisor.value).map((fiber) => fiber.id())).toEqual([])
  })

/** What is above the transport. */
type Above = Layer.Layer<Layer.Layer.Success<typeof WebSocket.layer>>

/** What is not as usual. */
interface ContractOptions {
  readonly above?: Above
  /** The sentences that do not apply over this transport, and why. */
  readonly except?: Readonly<Record<string, string>>
}

export const contractOver = <E>(
  name: string,
  transport: Layer.Layer<Transport | Listener, E>,
  { above = WebSocket.layer, except = {} }: ContractOptions = {}
): void => {
  const layer = Layer.merge(above, transport)
  describe(`the contract of a WebSocket over ${name}`, () => {
    leavesNothing()
    it("what does not apply is a sentence of the contract", () => {
      const sentences = webSocketContract.map(({ name }) => name)
      expect(Object.keys(except).filter((sentence) => !sentences.includes(sentence))).toEqual([])
    })
    for (const { effect, name: sentence } of webSocketContract) {
      if (sentence in except) continue
      it.live(sentence, () => leavesNoFiber(Effect.scoped(Effect.provide(effect, layer))))
    }
  })
}
