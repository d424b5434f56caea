/** Frames and messages: the quick decoder says what the slow one does, however the octets are cut. */
import { deepStrictEqual } from "node:assert"
import type { Role } from "../src/bytes/Role.js"
import * as ClosePayload from "../src/control/ClosePayload.js"
import { FrameRecorder, MessageRecorder, run } from "../test/support/frames.js"
import { reference } from "../test/support/reference.js"
import { type Target, ways } from "./Target.js"

/** Small, so that they are met. */
const limits = { maxMessageSize: 300, maxFrameSize: 200, maxFragments: 5 }

const roleOf = (settings: number): Role => ((settings & 1) === 0 ? "client" : "server")

/** The first octet is the role. */
export const messages: Target = {
  name: "messages",
  words: [
    "\x81",
    "\x01\x80",
    "\x80\x00",
    "\x89\x00",
    "\x88\x02\x03\xe8",
    "\x82\x7e\x00\x80",
    "\x7f\0\0\0\0\0\x01\0\0",
    "é€😀"
  ],
  check: (octets) => {
    const role = roleOf(octets[0] ?? 0)
    const expected = reference(role, octets.subarray(1), limits)
    for (const chunks of ways(octets.subarray(1))) {
      deepStrictEqual(run(role, new MessageRecorder(limits), chunks), expected)
    }
  }
}

/** The first octet is the role and the reserved bits in use. */
export const frames: Target = {
  name: "frames",
  words: [
    "\xc1\x00",
    "\xc1\x80\0\0\0\0",
    "\xa2\x01",
    "\x89\x00",
    "\x88\x02\x03\xe8",
    "\x82\x7e\x00\x80",
    "\x7f\0\0\0\0\0\x01\0\0"
  ],
  check: (octets) => {
    const settings = octets[0] ?? 0
    const decode = (chunks: ReadonlyArray<Uint8Array>) =>
      run(roleOf(settings), new FrameRecorder(), chunks, (settings >> 1) & 7)
    const [whole, ...others] = ways(octets.subarray(1)).map(decode)
    for (const other of others) deepStrictEqual(other, whole)
  }
}

/** What was decoded is encoded to the same octets. */
export const closePayloads: Target = {
  name: "close-payloads",
  words: ["\x03\xe8", "\x03\xed", "\x03\xf7", "\x0b\xb8", "\x13\x87", "é€😀", "\xed\xa0\x80", "\xf4\x90\x80\x80"],
  check: (octets) => {
    const decoded = ClosePayload.decode(octets)
    if (decoded === undefined || "_tag" in decoded || octets.length > 125) return
    deepStrictEqual(ClosePayload.encode(decoded.code, decoded.reason), octets)
  }
}
