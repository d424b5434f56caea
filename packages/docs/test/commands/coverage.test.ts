import * as path from "node:path"
import { pathToFileURL } from "node:url"
import { describe, expect, it } from "vitest"
import { root } from "../support/pages.js"

interface Provider {
  readonly counts: (project: string, test: string, source: string) => boolean
}

const provider = pathToFileURL(path.join(root, "packages/docs/commands/coverageProvider.js")).href
const { counts }: Provider = await import(provider)

const source = (file: string) => pathToFileURL(path.join(root, "packages", file)).href

describe("what counts as covered", () => {
  it("of a module of the kernel: what its mirror test runs", () => {
    expect(counts("protocol", "test/http/Fields.test.ts", source("protocol/src/http/Fields.ts"))).toBe(true)
    expect(counts("protocol", "test/http/HeadDecoder.test.ts", source("protocol/src/http/Fields.ts"))).toBe(false)
    expect(counts("protocol", "test/Fields.test.ts", source("protocol/src/http/Fields.ts"))).toBe(false)
  })

  it("of a module of another package: what any test of the package runs, and no other", () => {
    expect(counts("node", "test/NodeListener.test.ts", source("node/src/NodeDuplex.ts"))).toBe(true)
    expect(counts("websocket", "test/NodeListener.test.ts", source("node/src/NodeDuplex.ts"))).toBe(false)
    expect(counts("node", "test/NodeListener.test.ts", source("node/test/support/sockets.ts"))).toBe(false)
  })
})
