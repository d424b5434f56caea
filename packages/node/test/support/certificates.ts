import * as fs from "node:fs"

const read = (name: string): string => fs.readFileSync(new URL(`../fixtures/tls/${name}.pem`, import.meta.url), "utf8")

const pair = (name: string) => ({ cert: read(name), key: read(`${name}-key`) })

/** The CA, and certificates with their keys; see fixtures/tls/README.md. */
export const ca = read("ca")
export const server = pair("server")
export const client = pair("client")
export const expired = pair("expired")
export const wrongHost = pair("wrong-host")
export const selfSigned = pair("self-signed")
