import { describe, expect, it } from "@effect/vitest"
import * as CloseCode from "@effect-websocket/protocol/control/CloseCode"
import { encodeHeader, unmasked } from "@effect-websocket/protocol/frame/FrameHeader"
import { fromHex } from "../support/corpus.js"
import { against } from "../support/framePlay.js"
import { leavesNothing } from "../support/leaks.js"
import { places } from "../support/places.js"
import { differs, titled } from "./deviations.js"

const fromFive = differs("codes of 5000 and more are accepted")

/** Close codes, and whether Beast takes them. */
const codes: ReadonlyArray<readonly [code: number, beast: boolean, here?: boolean]> = [
  ...[0, 1, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999].map((code) => [code, false] as const),
  ...[1000, 1002, 1014, 3000, 4000].map((code) => [code, true] as const),
  [5000, true, false]
]

const answering = (code: number, isValid: boolean) =>
  isValid
    ? { messages: [], close: code, error: "Closed" }
    : { messages: [], close: 1002, error: "ProtocolError.BadCloseCode" }

describe("Beast frame.cpp: testCloseCodes (PARITY §17.7)", () => {
  leavesNothing()
  for (const [code, beast, here = beast] of codes) {
    const title = titled(`${code} is ${beast ? "valid" : "invalid"}`, here === beast ? undefined : fromFive)
    it(title, () => {
      expect([CloseCode.isReceivable(code), CloseCode.isSendable(code)]).toEqual([here, here])
    })

    const octets = fromHex(`8802${code.toString(16).padStart(4, "0")}`)
    it.scopedLive(`${title}, on a connection`, () =>
      against("client", places.memory!, { expect: answering(code, here) }, [octets])
    )
  }
})

describe("Beast frame.cpp: testWriteFrame (PARITY §17.7)", () => {
  it("a text of 65536 octets with FIN, RSV2 and RSV3", () => {
    const target = new Uint8Array(10)
    expect(encodeHeader(target, 0, 0xb1, 65536, unmasked)).toBe(10)
    expect(target).toEqual(fromHex("b17f0000000000010000"))
  })
})
