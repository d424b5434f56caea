import { fileURLToPath } from "node:url"
import { defineWorkspace } from "vitest/config"

const conditions = ["@effect-websocket/source"]

const octetEquality = fileURLToPath(new URL("packages/conformance/test/support/octetEquality.ts", import.meta.url))

/** One project per package; sources of the workspace are loaded directly, not their builds. */
const project = (name: string) => ({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    name,
    root: `packages/${name}`,
    include: ["test/**/*.test.ts"],
    setupFiles: [octetEquality],
    testTimeout: 20_000
  }
})

export default defineWorkspace(
  ["protocol", "websocket", "node", "platform", "browser", "cli", "conformance", "docs", "bench"].map(project)
)
