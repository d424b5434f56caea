import { describe, expect, it } from "vitest"
import { parse } from "../src/Arguments.js"
import { cases } from "../src/cases.js"
import { peerOf, programOf } from "../src/Peer.js"
import { duration, times } from "../src/Runner.js"

const plan = { peers: [], profile: undefined }

describe("the catalogue", () => {
  it("has unique names, and only peers that exist and have the role", () => {
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length)
    for (const { peers, quick, situation } of cases) {
      expect(quick.filter((name) => !peers.includes(name))).toEqual([])
      for (const name of peers.filter((peer) => peer !== "beast")) {
        expect(programOf(peerOf(name), situation)).not.toBe("not in this role")
      }
    }
  })

  it("takes under forty minutes as a whole, and two when it must be quick", () => {
    const whole = duration({ ...plan, cases, rounds: 3, times: times.full })
    const quick = cases.flatMap((one) => (one.quick.length > 0 ? [{ ...one, peers: one.quick }] : []))
    expect(whole).toBeLessThan(40 * 60)
    expect(duration({ ...plan, cases: quick, rounds: 1, times: times.quick })).toBeLessThan(2 * 60)
  })

  it("is chosen from by the command line, which refuses what it does not understand", () => {
    expect(parse(["--case", "echo,tls", "--case", "idle", "--peers", "ws,net"])).toMatchObject({
      command: "run",
      cases: ["echo", "tls", "idle"],
      peers: ["ws", "net"]
    })
    expect(parse(["micro", "--save"])).toMatchObject({ command: "micro", save: true })
    expect(() => parse(["macro"])).toThrow("not understood")
    expect(() => parse(["--rounds", "0"])).toThrow("--rounds")
  })
})
