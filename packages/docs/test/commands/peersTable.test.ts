import * as path from "node:path"
import { pathToFileURL } from "node:url"
import { describe, expect, it } from "vitest"
import { root } from "../support/pages.js"

interface Row {
  readonly peer: string
  readonly role: string
  readonly deflated: string
  readonly file: string
  readonly passed: number
  readonly all: number
}

interface Table {
  readonly kindOf: (name: string) => Pick<Row, "peer" | "role" | "deflated">
  readonly rowsOf: (
    tests: ReadonlyArray<{ readonly name: string; readonly file: string; readonly passed: boolean }>
  ) => ReadonlyArray<Row>
  readonly format: (rows: ReadonlyArray<Row>, versions: Readonly<Record<string, string>>) => string
  readonly replaceIn: (page: string, written: string, day: string) => string
}

const table = pathToFileURL(path.join(root, "packages/docs/commands/peersTable.js")).href
const { format, kindOf, replaceIn, rowsOf }: Table = await import(table)

describe("the table of peers", () => {
  it.each([
    ["our client and the server of ws, deflated with our defaults", "ws", "server", "yes"],
    ["our server and the client of Python's websockets", "Python's websockets", "client", "no"],
    ["refusals between us and undici", "undici", "both", "no"],
    ["permessage-deflate: our server and the client of Beast", "Boost.Beast", "client", "yes"],
    ["Chromium > it answers our Ping", "Chromium", "client", "no"],
    ["our client and our server, nginx in between which ends TLS", "nginx, ending TLS", "reverse proxy", "no"]
  ])("the name of a test says whom it is with: %s", (name, peer, role, deflated) => {
    expect(kindOf(name)).toEqual({ peer, role, deflated })
  })

  const file = "packages/conformance/peers/runtimes.test.ts"
  const tests = [
    { name: "our client and the server of Deno > a", file, passed: true },
    { name: "our client and the server of Bun > a", file, passed: true },
    { name: "our client and the server of Bun > b", file, passed: false }
  ]
  const written = [
    "| peer | version | it is  | deflated | passed | tests                                                     |",
    "| ---- | ------- | ------ | -------- | ------ | --------------------------------------------------------- |",
    "| Bun  | 1       | server | no       | 1 of 2 | [runtimes.test.ts](../conformance/peers/runtimes.test.ts) |",
    "| Deno | 2       | server | no       | 1 of 1 | [runtimes.test.ts](../conformance/peers/runtimes.test.ts) |"
  ].join("\n")

  it("counts what has passed, also where something has not", () => {
    expect(format(rowsOf(tests), { Bun: "1", Deno: "2" })).toBe(written)
  })

  it("takes the place of the one before, and nothing else", () => {
    const page = (rows: string, day: string) => `# Peers\n\nLast written on ${day}.\n\n${rows}\n\nMore, and $& more.\n`
    const before = page("| peer | x |\n| - | - |\n| old | $1 |", "Monday")
    expect(replaceIn(before, written, "Tuesday")).toBe(page(written, "Tuesday"))
  })
})
