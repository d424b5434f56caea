/** Heads, bodies and what is judged of them: as the slow decoder says, however the octets are cut, and never a throw. */
import { deepStrictEqual, strictEqual } from "node:assert"
import * as ClientHandshake from "../src/handshake/ClientHandshake.js"
import { isHandshakeViolation } from "../src/handshake/HandshakeViolation.js"
import * as OrdinaryRequest from "../src/handshake/OrdinaryRequest.js"
import * as OriginPolicy from "../src/handshake/OriginPolicy.js"
import * as Redirect from "../src/handshake/Redirect.js"
import * as ServerHandshake from "../src/handshake/ServerHandshake.js"
import * as Uri from "../src/handshake/WebSocketUri.js"
import * as BodyFraming from "../src/http/BodyFraming.js"
import { ChunkedDecoder } from "../src/http/ChunkedDecoder.js"
import * as Connection from "../src/http/Connection.js"
import * as Expectation from "../src/http/Expectation.js"
import { Fields } from "../src/http/Fields.js"
import { HeadDecoder } from "../src/http/HeadDecoder.js"
import { isHttpViolation } from "../src/http/HttpViolation.js"
import * as RequestHead from "../src/http/RequestHead.js"
import * as ResponseHead from "../src/http/ResponseHead.js"
import { type Reading, readHead } from "./headReference.js"
import { type Target, textOf, ways } from "./Target.js"

type Head = RequestHead.RequestHead | ResponseHead.ResponseHead

const large = { maxHeadSize: 10_000, maxFields: 1000, maxTargetSize: 10_000 }
const small = { maxHeadSize: 120, maxFields: 3, maxTargetSize: 20 }

const startOf = (head: Head): ReadonlyArray<string> =>
  "method" in head ? [head.method, head.target, head.version] : [head.version, String(head.status), head.reason]

/** Decodes a head out of chunks. */
const decoded = <H extends Head>(decoder: HeadDecoder<H>, chunks: ReadonlyArray<Uint8Array>) => {
  let before = 0
  for (const chunk of chunks) {
    const result = decoder.decode(chunk)
    if (isHttpViolation(result)) return result
    if (result !== undefined) return { head: result.head, next: before + result.next }
    before += chunk.length
  }
  return undefined
}

const readingOf = (result: ReturnType<typeof decoded<Head>>): Reading => {
  if (result === undefined) return "more"
  if (isHttpViolation(result)) return "refused"
  const fields = Array.from(result.head.fields, ({ name, value }) => [name, value] as const)
  return { start: startOf(result.head), fields, next: result.next }
}

/** The head, when there is one: read in every way, and as the slow decoder reads it. */
const checked = <H extends Head>(
  octets: Uint8Array,
  kind: "request" | "response",
  make: (limits: typeof large) => HeadDecoder<H>
) => {
  const expected = readHead(textOf(octets), kind)
  const limited = decoded(make(small), [octets])
  for (const chunks of ways(octets)) {
    deepStrictEqual(readingOf(decoded(make(large), chunks)), expected)
    deepStrictEqual(decoded(make(small), chunks), limited)
  }
  const result = decoded(make(large), [octets])
  return result === undefined || isHttpViolation(result) ? undefined : result.head
}

export const requests: Target = {
  name: "requests",
  words: [
    "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
    ...[
      "\r\n\r\n",
      ": ",
      "Host: ",
      "Origin: http://a",
      "Connection: ",
      "Upgrade: h2c, websocket/13",
      "close, ",
      "keep-alive"
    ],
    ...["Content-Length: ", "Transfer-Encoding: chunked", "Expect: 100-continue", "Sec-WebSocket-Protocol: a, b"],
    ...[
      "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=10",
      "HTTP/1.0",
      "HEAD ",
      "[::1]:80",
      "\t"
    ]
  ],
  check: (octets) => {
    const head = checked(octets, "request", HeadDecoder.request)
    if (head === undefined) return
    strictEqual(readingOf(decoded(HeadDecoder.request(large), [RequestHead.encode(head)])) === "refused", false)
    RequestHead.format(head)
    BodyFraming.ofRequest(head)
    Connection.keepAlive(head)
    Expectation.awaitsContinue(head)
    OrdinaryRequest.verify(head)
    const verified = ServerHandshake.verify(head)
    if (isHandshakeViolation(verified)) return void ServerHandshake.refusal(verified, true)
    OriginPolicy.sameOrigin(verified, false)
    OriginPolicy.hostAllowed(verified.host, ["a", "[::1]:80"])
    ServerHandshake.response(verified, { subprotocol: verified.subprotocols[0], extensions: "", fields: Fields.empty })
  }
}

const base = Uri.parse("wss://user:password@a/") as Uri.WebSocketUri

/** A redirect leaves neither TLS, nor takes credentials to another origin. */
const followed = (head: ResponseHead.ResponseHead): void => {
  const step = Redirect.follow(base, head, [], 3)
  if (isHandshakeViolation(step)) return
  strictEqual(step.uri.secure, true)
  const isOwn = Redirect.isSameOrigin(base, step.uri) || head.fields.get("Location")?.includes("@")
  if (!isOwn) strictEqual(step.uri.authorization === base.authorization, false)
}
const offer = {
  authority: "a",
  target: "/",
  key: "dGhlIHNhbXBsZSBub25jZQ==",
  subprotocols: ["a", "b"],
  extensions: "permessage-deflate; client_max_window_bits",
  fields: Fields.empty
}

export const responses: Target = {
  name: "responses",
  words: [
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n",
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n",
    ...[
      "\r\n\r\n",
      ": ",
      "Sec-WebSocket-Protocol: a",
      "Sec-WebSocket-Extensions: permessage-deflate",
      "HTTP/1.0 ",
      "302 "
    ],
    ...[
      "Location: ",
      "wss://a/",
      "//b",
      "..",
      "?x#y",
      "ws://u:p@a:81/",
      "Content-Length: 1",
      "Transfer-Encoding: gzip, chunked"
    ],
    ...["Retry-After: 5", "Connection: close", "\t"]
  ],
  check: (octets) => {
    const head = checked(octets, "response", HeadDecoder.response)
    if (head === undefined) return
    strictEqual(readingOf(decoded(HeadDecoder.response(large), [ResponseHead.encode(head)])) === "refused", false)
    ResponseHead.format(head)
    BodyFraming.ofResponse(head, "GET")
    ClientHandshake.verify(offer, head, { requireSubprotocol: false })
    ClientHandshake.declined(head, new Uint8Array(0))
    if (Redirect.isRedirect(head)) followed(head)
  }
}

/** Data, and where the body ends, or the rule that is broken. */
const chunked = (chunks: ReadonlyArray<Uint8Array>): unknown => {
  const decoder = new ChunkedDecoder()
  let [data, before] = ["", 0]
  const onData = (octets: Uint8Array, start: number, end: number) => {
    data += textOf(octets.subarray(start, end))
  }
  for (const chunk of chunks) {
    const result = decoder.decode(chunk, 0, onData)
    if (isHttpViolation(result)) return result
    if (result.done) return { data, next: before + result.next }
    before += chunk.length
  }
  return { data }
}

export const bodies: Target = {
  name: "chunked-bodies",
  words: ["\r\n", "0\r\n\r\n", "5\r\nhello\r\n", '1a; x="y"\r\n', "ffffffffffffffff", "X: y\r\n", ";", "\t"],
  check: (octets) => {
    const [whole, ...others] = ways(octets).map(chunked)
    for (const other of others) deepStrictEqual(other, whole)
  }
}
