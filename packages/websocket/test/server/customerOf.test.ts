import * as Option from "effect/Option"
import { describe, expect, it } from "vitest"
import { customerOf } from "../../src/server/customerOf.js"

const at = (hostname: string) => customerOf(Option.some({ _tag: "TcpAddress", hostname, port: 1 }))

describe("whom an address belongs to", () => {
  it.each([
    ["RFC 4291 §2.5.5.2: an address in both families is", "192.0.2.1", "::ffff:192.0.2.1", true],
    ["RFC 4291 §2.5.4: two of a /64 are", "2001:db8::1", "2001:db8:0:0:ffff::2", true],
    ["two of neighbouring /64 are not", "2001:db8::1", "2001:db8:0:1::1", false],
    ["two IPv4 addresses are not", "192.0.2.1", "192.0.2.2", false],
    ["a name, which some runtimes tell, is, when it is the same", "localhost", "localhost", true]
  ])("%s one customer's", (_, one, other, isSame) => {
    expect(at(one)).toBeTypeOf("string")
    expect(at(one) === at(other)).toBe(isSame)
  })

  it("is not known of what comes from no network", () => {
    for (const from of [
      Option.some({ _tag: "UnixAddress", path: "/run/a" } as const),
      Option.some({ _tag: "MemoryAddress", name: "a" } as const),
      Option.none()
    ])
      expect(customerOf(from)).toBe(undefined)
  })
})
