import { describe, expect, it } from "@effect/vitest"
import { formatAddress } from "../src/Transport.js"

describe("formatAddress", () => {
  for (const [address, expected] of [
    [{ _tag: "TcpAddress", hostname: "127.0.0.1", port: 80 }, "127.0.0.1:80"],
    [{ _tag: "TcpAddress", hostname: "::1", port: 80 }, "[::1]:80"],
    [{ _tag: "UnixAddress", path: "/run/app.sock" }, "unix:/run/app.sock"],
    [{ _tag: "MemoryAddress", name: "a" }, "memory:a"]
  ] as const) {
    it(expected, () => expect(formatAddress(address)).toBe(expected))
  }
})
