/** The certificate of servers in cases with TLS, and its key: those of the tests of packages/node. */
import { readFileSync } from "node:fs"

const read = (name: string): string =>
  readFileSync(new URL(`../../../node/test/fixtures/tls/${name}.pem`, import.meta.url), "utf8")

export const certificate = () => ({ cert: read("server"), key: read("server-key") })
