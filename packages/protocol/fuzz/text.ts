/** Text and small formats, against the host's own decoders. */
import { deepStrictEqual, strictEqual } from "node:assert"
import * as Base64 from "../src/bytes/Base64.js"
import { isTlsClientHello } from "../src/bytes/TlsClientHello.js"
import * as Utf8 from "../src/bytes/Utf8.js"
import { isUtf8Beginning } from "../test/support/reference.js"
import { type Target, textOf, ways } from "./Target.js"

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

const hostDecoded = (octets: Uint8Array): string | undefined => {
  try {
    return strict.decode(octets)
  } catch {
    return undefined
  }
}

/** The place of the first octet that no other octets behind it could make UTF-8. */
const firstBad = (octets: Uint8Array): number =>
  octets.findIndex((_, at) => !isUtf8Beginning(Buffer.from(octets.subarray(0, at + 1))))

export const utf8: Target = {
  name: "utf8",
  words: [
    "\xc2\x80",
    "\xe0\xa0\x80",
    "\xed\x9f\xbf",
    "\xed\xa0\x80",
    "\xef\xbb\xbf",
    "\xf0\x90\x80\x80",
    "\xf4\x8f\xbf\xbf",
    "abcdefgh"
  ],
  check: (all) => {
    // The slow one is very slow.
    const octets = all.subarray(0, 24)
    const expected = hostDecoded(octets)
    strictEqual(Utf8.decode(octets, 0, octets.length), expected)
    for (const chunks of ways(octets)) {
      const validator = new Utf8.Utf8Validator()
      let [bad, before] = [-1, 0]
      for (const chunk of chunks) {
        const at = bad < 0 ? validator.push(chunk, 0, chunk.length) : -1
        if (at >= 0) bad = before + at
        before += chunk.length
      }
      strictEqual(bad, firstBad(octets))
      strictEqual(bad < 0 && validator.isComplete, expected !== undefined)
    }
  }
}

export const base64: Target = {
  name: "base64",
  words: ["dGhlIHNhbXBsZSBub25jZQ==", "AA==", "AAA=", "/+", "=", " "],
  check: (octets) => {
    const text = textOf(octets)
    const host = Buffer.from(text, "base64")
    const expected = host.toString("base64") === text ? new Uint8Array(host) : undefined
    deepStrictEqual(Base64.decode(text), expected)
    if (expected !== undefined) strictEqual(Base64.encode(expected), text)
  }
}

/** More octets do not change an answer. */
export const tls: Target = {
  name: "tls-client-hello",
  words: ["\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "GET /", "\x16\x03"],
  check: (octets) => {
    let answer: string = "more"
    for (let end = 0; end <= Math.min(octets.length, 16); end++) {
      const next = isTlsClientHello(octets.subarray(0, end))
      if (answer !== "more") strictEqual(next, answer)
      answer = next
    }
  }
}
