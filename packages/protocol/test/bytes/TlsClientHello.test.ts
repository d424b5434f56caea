import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { type Answer, isTlsClientHello } from "../../src/bytes/TlsClientHello.js"

/** The rows of Beast's test of `is_tls_client_hello`. */
const rows: ReadonlyArray<readonly [octets: ReadonlyArray<number>, answer: Answer, what: string]> = [
  [[], "more", "nothing"],
  [[0x01], "no", "another type of record"],
  [[0x16], "more", "the type of a record with handshake messages"],
  [[0x16, 0x03, 0x01, 0x00], "more", "four octets, half of a length"],
  [[0x16, 0x03, 0x01, 0x00, 0x00], "no", "a record of length 0"],
  [[0x16, 0x03, 0x01, 0x01, 0x00], "more", "a record of length 256"],
  [[0x16, 0x03, 0x01, 0x01, 0x00, 0x00], "no", "a message of type 0"],
  [
    [0x16, 0x03, 0x01, 0x01, 0x00, 0x01, 0x00, 0x00],
    "more",
    "a ClientHello of which two octets of the length are here"
  ],
  [[0x16, 0x03, 0x01, 0x01, 0x00, 0x01, 0x01, 0x00, 0x00], "no", "a ClientHello that is longer than its record"],
  [[0x16, 0x03, 0x01, 0x01, 0x00, 0x01, 0x00, 0x00, 0xfc], "yes", "a ClientHello that fills its record"]
]

/** The limits of both lengths. */
const limits: typeof rows = [
  [[0x16, 0x03, 0x01, 0x00, 0x21], "no", "a record of length 33"],
  [[0x16, 0x03, 0x01, 0x00, 0x22], "more", "a record of length 34"],
  [[0x16, 0x03, 0x01, 0x00, 0x22, 0x01, 0x00, 0x00, 0x1e], "yes", "a message of 30 and its header in a record of 34"],
  [[0x16, 0x03, 0x01, 0x00, 0x22, 0x01, 0x00, 0x00, 0x1f], "no", "a message of 31 and its header in a record of 34"],
  [[0x16, 0xff, 0xff, 0x01, 0x00, 0x01, 0x00, 0x00, 0xfc], "yes", "whatever the version of the record is"]
]

/** Octets which get far: each is often the one that decides. */
const near = fc.tuple(
  fc.array(fc.oneof(fc.constantFrom(0, 1, 0x16, 0x22, 0xff), fc.nat(255)), { maxLength: 12 }),
  fc.boolean()
)

describe("PARITY L-21: isTlsClientHello", () => {
  for (const [octets, answer, what] of [...rows, ...limits]) {
    it(`${answer}: ${what}`, () => expect(isTlsClientHello(Uint8Array.from(octets))).toBe(answer))
  }

  it("HTTP is told by its first letter", () => {
    expect(isTlsClientHello(new TextEncoder().encode("G"))).toBe("no")
  })

  it("an answer stays, whatever comes behind; nine octets are enough", () => {
    fc.assert(
      fc.property(near, ([tail, isHandshake]) => {
        const octets = Uint8Array.from(isHandshake ? [0x16, ...tail] : tail)
        const answers = Array.from({ length: octets.length + 1 }, (_, size) =>
          isTlsClientHello(octets.subarray(0, size))
        )
        const first = answers.findIndex((answer) => answer !== "more")
        if (first >= 0) expect(new Set(answers.slice(first)).size).toBe(1)
        if (octets.length >= 9) expect(first).toBeLessThanOrEqual(9)
        if (octets.length >= 9) expect(first).toBeGreaterThanOrEqual(0)
      })
    )
  })
})
