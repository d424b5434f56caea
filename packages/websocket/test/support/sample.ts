/**
 * The opening handshake of RFC 6455 §1.3 as text, and a reader of responses that shares nothing with the library.
 */
import * as Layer from "effect/Layer"
import { Entropy } from "../../src/Entropy.js"

export const key = "dGhlIHNhbXBsZSBub25jZQ=="
export const acceptOfKey = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

/** Clients use the nonce of §1.3, and the masking key 0, so that payloads can be read. */
export const sampleEntropy: Layer.Layer<never> = Layer.succeed(Entropy, {
  unsafeMaskingKey: () => 0,
  unsafeOctets: (length) => new Uint8Array(Buffer.from("the sample nonce")).slice(0, length)
})

/** A field's value, several values, or undefined: the field is left out. */
export type Changes = Readonly<Record<string, string | ReadonlyArray<string> | undefined>>

const lines = (fields: Changes): string =>
  Object.entries(fields)
    .flatMap(([name, value]) => (value === undefined ? [] : [value].flat().map((each) => `${name}: ${each}\r\n`)))
    .join("")

/** The request of §1.3, with changes. */
export const request = (changes: Changes = {}, startLine = "GET /chat HTTP/1.1"): string =>
  `${startLine}\r\n${lines({
    Host: "server.example.com",
    Upgrade: "websocket",
    Connection: "Upgrade",
    "Sec-WebSocket-Key": key,
    "Sec-WebSocket-Version": "13",
    ...changes
  })}\r\n`

/** The response of §1.3, with changes. */
export const switching = (changes: Changes = {}, startLine = "HTTP/1.1 101 Switching Protocols"): string =>
  `${startLine}\r\n${lines({
    Upgrade: "websocket",
    Connection: "Upgrade",
    "Sec-WebSocket-Accept": acceptOfKey,
    ...changes
  })}\r\n`

/** One response as it stands on the wire. */
export interface Received {
  readonly status: number
  readonly startLine: string
  /** Names in lower case. */
  readonly fields: ReadonlyMap<string, ReadonlyArray<string>>
  readonly body: string
  /** What stands behind it. */
  readonly rest: string
}

const field = (fields: ReadonlyMap<string, ReadonlyArray<string>>, name: string): string | undefined => {
  const values = fields.get(name)
  return values?.length === 1 ? values[0] : undefined
}

/** Reads the first response of a text; its body is as long as Content-Length says, and empty without one. */
export const parseResponse = (text: string, method = "GET"): Received => {
  const end = text.indexOf("\r\n\r\n")
  if (end < 0) throw new Error(`no head: ${JSON.stringify(text)}`)
  const [startLine = "", ...rest] = text.slice(0, end).split("\r\n")
  const fields = new Map<string, Array<string>>()
  for (const line of rest) {
    const colon = line.indexOf(":")
    const name = line.slice(0, colon).toLowerCase()
    fields.set(name, [...(fields.get(name) ?? []), line.slice(colon + 1).trim()])
  }
  const length = method === "HEAD" ? 0 : Number(field(fields, "content-length") ?? 0)
  const body = text.slice(end + 4, end + 4 + length)
  return { status: Number(startLine.split(" ")[1]), startLine, fields, body, rest: text.slice(end + 4 + length) }
}

/** The only value of a field of a response. */
export const fieldOf = ({ fields }: Received, name: string): string | undefined => field(fields, name.toLowerCase())
