import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"

const conditions = ["@effect-websocket/source"]

/** All tests with other implementations, for `npm run peers`. */
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    root: fileURLToPath(new URL("../", import.meta.url)),
    include: ["peers/*.test.ts", "test/interop/*.test.ts", "test/browser/chromium.test.ts"],
    setupFiles: [fileURLToPath(new URL("../test/support/octetEquality.ts", import.meta.url))],
    testTimeout: 20_000
  }
})
