import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"

const conditions = ["@effect-websocket/source"]

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: { root: fileURLToPath(new URL("./", import.meta.url)), include: ["*.test.ts"], testTimeout: 20_000 }
})
