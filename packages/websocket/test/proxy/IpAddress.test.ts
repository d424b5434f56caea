import * as net from "node:net"
import { describe, expect, it } from "@effect/vitest"
import * as fc from "fast-check"
import { parse } from "../../src/proxy/IpAddress.js"

const hex = (host: string) => {
  const octets = parse(host)
  return octets && Buffer.from(octets).toString("hex")
}

describe("RFC 4291 §2.2, RFC 3986 §3.2.2: addresses", () => {
  for (const [host, octets] of [
    ["0.0.0.0", "00000000"],
    ["127.0.0.1", "7f000001"],
    ["255.255.255.255", "ffffffff"],
    ["::", "00".repeat(16)],
    ["::1", `${"00".repeat(15)}01`],
    ["2001:db8::8:800:200c:417a", "20010db80000000000080800200c417a"],
    ["FF01::101", `ff01${"00".repeat(12)}0101`],
    ["1:2:3:4:5:6:7:8", "00010002000300040005000600070008"],
    ["1::", `0001${"00".repeat(14)}`],
    ["1:2:3:4:5:6:7::", "00010002000300040005000600070000"],
    ["::2:3:4:5:6:7:8", "00000002000300040005000600070008"],
    ["::ffff:1.2.3.4", `${"00".repeat(10)}ffff01020304`],
    ["64:ff9b::192.0.2.33", `0064ff9b${"00".repeat(8)}c0000221`],
    ["1:2:3:4:5:6:1.2.3.4", "00010002000300040005000601020304"]
  ]) {
    it(`${host}`, () => expect(hex(host as string)).toBe(octets))
  }

  for (const host of [
    "",
    "example.com",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.256",
    "1.2.3.-4",
    "01.2.3.4",
    "0x7f.0.0.1",
    "127.1",
    "1.2.3.4 ",
    "1.2..4",
    ":",
    ":::",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1::2::3",
    "1:2:3:4:5:6:7:8::",
    "12345::",
    "g::",
    "1.2.3.4::",
    "::1.2.3.4:5",
    "::1.2.3",
    "[::1]",
    "fe80::1%eth0"
  ]) {
    it(`not: ${JSON.stringify(host)}`, () => expect(parse(host)).toBe(undefined))
  }

  it("any text is an address exactly when Node.js takes it for one, but for zones", () => {
    const text = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.stringOf(fc.constantFrom(..."0123456789abcdef:."), { maxLength: 24 }),
      fc
        .array(fc.constantFrom("", "0", "1", "ffff", "1.2.3.4", "12345"), { maxLength: 9 })
        .map((parts) => parts.join(":"))
    )
    fc.assert(
      fc.property(text, (host) => {
        expect(parse(host)?.length).toBe({ 0: undefined, 4: 4, 6: 16 }[net.isIP(host)])
      }),
      { numRuns: 2000 }
    )
  })
})
