import { it } from "vitest"
import * as Effect from "effect/Effect"
import { concat, frame, open } from "./support/peer.js"
it("bench", async () => {
  const chunk = concat(...Array.from({ length: 1000 }, () => frame("server", 1, "Hello")))
  const program = Effect.gen(function* () {
    const { at, ws } = yield* open("client")
    const one = Effect.whileLoop({ while: () => n++ < 1000, body: () => ws.receive, step: () => {} })
    let n = 0
    for (let round = 0; round < 12; round++) {
      let spent = 0
      for (let k = 0; k < 100; k++) {
        at.deliver(chunk.slice())
        n = 0
        const begin = process.hrtime.bigint()
        yield* one
        spent += Number(process.hrtime.bigint() - begin)
      }
      if (round > 6) console.log("receive", (spent / 100_000).toFixed(0), "ns")
      let m = 0
      const pulls = Effect.whileLoop({ while: () => m++ < 20_000, body: () => { at.deliver(small.slice()); return ws.pull }, step: () => {} })
      const begin = process.hrtime.bigint()
      yield* pulls
      if (round > 6) console.log("deliver+pull", (Number(process.hrtime.bigint() - begin) / 20_000).toFixed(0), "ns")
    }
  })
  const small = frame("server", 1, "Hello")
  await Effect.runPromise(Effect.scoped(program))
}, 60000)
