import * as Effect from "effect/Effect"
import { beforeAll } from "vitest"
import { deflateCases, expectDeflate, interop } from "../support/interop.js"
import { python, withTheirClient, withTheirServer } from "../support/processPeers.js"

beforeAll(() => void python())

const { agreed } = deflateCases["with our defaults"]!

for (const [name, open] of [
  ["our client and the server of Python's websockets", withTheirServer],
  ["our server and the client of Python's websockets", withTheirClient]
] as const) {
  interop(name, open(python))
  interop(`${name}, deflated`, (offered) =>
    Effect.tap(open(python, { ours: true, theirs: true })(offered), (pair) => expectDeflate(pair, agreed))
  )
}
