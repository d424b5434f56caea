/** The certificates of the tests of packages/node; their README says what each is. */
import * as fs from "node:fs"

const pem = (name: string): string =>
  fs.readFileSync(new URL(`../../../node/test/fixtures/tls/${name}.pem`, import.meta.url), "utf8")

/** Who has signed the server's certificate. */
export const ca = pem("ca")

/** A server for localhost, 127.0.0.1 and ::1. */
export const server = { cert: pem("server"), key: pem("server-key") }
