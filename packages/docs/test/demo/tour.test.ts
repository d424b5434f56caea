import { describe, expect, it } from "vitest"
import { ended, start } from "../support/program.js"

const demo = "packages/docs/demo/main.ts"

describe("npm start", () => {
  it("shows every session, and two handshakes that fail, without a difference", async () => {
    const { code, stderr, stdout } = await ended(start(demo))
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
    const headings = [...stdout.matchAll(/^── (.*?) ─+$/gm)].map((match) => match[1])
    expect(headings).toEqual(["memory", "TCP", "TLS", "a handshake that is refused", "a server that never answers"])
    expect(stdout.match(/> GET \/echo HTTP\/1\.1/g)).toHaveLength(3)
    expect(stdout.match(/< HTTP\/1\.1 101 Switching Protocols/g)).toHaveLength(3)
    expect(stdout).toContain("< HTTP/1.1 401 Unauthorized")
    expect(stdout.match(/left open {2}nothing/g)).toHaveLength(5)
    // No colours where no terminal is.
    expect(stdout).not.toContain("\u001b")
  })

  it("fails when anything differs from what it should be", async () => {
    const { code, stderr } = await ended(start("packages/docs/test/support/differing.ts"))
    expect({ code, stderr }).toEqual({ code: 1, stderr: "Difference: two and two is 4 where 5 was expected\n" })
  })

  it("tells its usage when it is asked for what it cannot do", async () => {
    for (const args of [["dance"], ["serve", "65536"]]) {
      const { code, stderr } = await ended(start(demo, args))
      expect(code).toBe(2)
      expect(stderr).toContain("npm start -- serve [port]")
    }
  })
})
