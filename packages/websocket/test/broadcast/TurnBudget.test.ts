import { expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { TurnBudget } from "../../src/broadcast/TurnBudget.js"
import { hostTurn } from "../../src/host/HostTurn.js"

it.effect(
  "32 KiB are published in a turn of the event loop, 128 octets counted for each message; then it begins anew",
  () =>
    Effect.gen(function* () {
      const budget = new TurnBudget()
      for (const _ of [1, 2]) {
        expect([budget.spend(32 * 1024 - 256), budget.spend(0), budget.spend(0)]).toEqual([true, true, false])
        yield* hostTurn
      }
    })
)
