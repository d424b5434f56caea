/**
 * Heads of HTTP messages for tests: arbitrary ones, and decoders driven over chunks.
 */
import * as fc from "fast-check"
import { Fields } from "../../src/http/Fields.js"
import type { HeadDecoder } from "../../src/http/HeadDecoder.js"
import { isHttpViolation } from "../../src/http/HttpViolation.js"
import type { HttpVersion, RequestHead } from "../../src/http/RequestHead.js"
import type { ResponseHead } from "../../src/http/ResponseHead.js"
import type { Run } from "./everyWay.js"

export const fields = Fields.from({ Host: "example.org", Upgrade: "websocket" })

const token = fc.stringMatching(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,12}$/)
const text = fc.stringMatching(/^[\t\x20-\x7e\x80-\xff]{0,20}$/)
const value = fc.stringMatching(/^([\x21-\x7e\x80-\xff]([\t\x20-\x7e\x80-\xff]{0,20}[\x21-\x7e\x80-\xff])?)?$/)
const version = fc.constantFrom<HttpVersion>("1.0", "1.1")
const someFields = fc.array(fc.tuple(token, value), { maxLength: 8 }).map((pairs) => Fields.from(pairs))

export const requestHead: fc.Arbitrary<RequestHead> = fc.record({
  method: token,
  target: fc.stringMatching(/^[\x21\x22\x24-\x7e]{1,20}$/),
  version,
  fields: someFields
})

export const responseHead: fc.Arbitrary<ResponseHead> = fc.record({
  version,
  status: fc.integer({ min: 100, max: 999 }),
  reason: text,
  fields: someFields
})

/** The head and the number of octets it took, the violation, or undefined when the head is not complete. */
export const reading =
  <H extends RequestHead | ResponseHead>(make: () => HeadDecoder<H>): Run =>
  (chunks) => {
    const decoder = make()
    let before = 0
    for (const chunk of chunks) {
      const result = decoder.decode(chunk)
      if (isHttpViolation(result)) return result
      if (result !== undefined) return { head: result.head, size: before + result.next }
      before += chunk.length
    }
    return undefined
  }
