/** Bun and Deno as partners. Not in the ordinary run, since they are large: `npm run peers`. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { expect } from "vitest"
import { deflateCases, expectDeflate, interop } from "../test/support/interop.js"
import { bunClient, bunServer, deno, withTheirClient, withTheirServer } from "../test/support/processPeers.js"

interop("our client and the server of Deno", withTheirServer(deno))
interop("our server and the client of Deno", withTheirClient(deno))
interop("our client and the server of Bun", withTheirServer(bunServer))
interop("our server and the client of Bun", withTheirClient(bunClient))

// Its server does not tell what was agreed on.
interop("our client and the server of Bun, deflated", (offered) =>
  Effect.tap(withTheirServer(bunServer, { ours: true, theirs: true })(offered), ({ ours }) =>
    expect(Option.isSome(ours.compression)).toBe(true)
  )
)

interop("our server and the client of Bun, deflated", (offered) =>
  Effect.tap(withTheirClient(bunClient, { ours: true, theirs: true })(offered), (pair) =>
    expectDeflate(pair, deflateCases["with our defaults"]!.agreed)
  )
)
