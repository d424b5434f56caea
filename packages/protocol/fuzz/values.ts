/** Values of fields: what was read and written again is read as the same, and nothing throws. */
import { deepStrictEqual, strictEqual } from "node:assert"
import * as DeflateParameters from "../src/extension/DeflateParameters.js"
import * as ExtensionList from "../src/extension/ExtensionList.js"
import * as PerMessageDeflate from "../src/extension/PerMessageDeflate.js"
import * as Authority from "../src/handshake/Authority.js"
import * as Subprotocol from "../src/handshake/Subprotocol.js"
import * as Uri from "../src/handshake/WebSocketUri.js"
import * as HttpDate from "../src/http/HttpDate.js"
import { type Target, textOf } from "./Target.js"

const settings = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 12,
  clientMaxWindowBits: 12
}

const offered = PerMessageDeflate.offers(settings)

export const extensions: Target = {
  name: "extensions",
  words: [
    ...["permessage-deflate", "; ", ", ", "=", '"', "\\", "server_no_context_takeover", "client_no_context_takeover"],
    ...["server_max_window_bits=", "client_max_window_bits", "8", "10", "15", '"9"', "x-other; a=b", "\t"]
  ],
  check: (octets) => {
    const list = ExtensionList.parse(textOf(octets))
    if (list === undefined) return
    deepStrictEqual(ExtensionList.parse(ExtensionList.format(list)), list)
    for (const extension of list) {
      const parameters = DeflateParameters.parse(extension.parameters)
      if (parameters === undefined) continue
      deepStrictEqual(DeflateParameters.parse(DeflateParameters.format(parameters).parameters), parameters)
      PerMessageDeflate.agree(offered, extension)
    }
    const answer = PerMessageDeflate.answer(list, { ...settings, limitsClientWindow: true })
    // What a server answers, the client who offered it accepts.
    if (answer !== undefined) strictEqual(PerMessageDeflate.agree(list, answer.extension) === undefined, false)
  }
}

export const uris: Target = {
  name: "uris",
  words: [
    "ws://",
    "wss://",
    "HTTP://",
    "user:pass@",
    "[::1]",
    ":8080",
    ":0",
    "/a/../b",
    "?q",
    "#f",
    "%2e",
    "xn--",
    "é",
    "\\"
  ],
  check: (octets) => {
    const text = Buffer.from(octets).toString("utf8")
    const uri = Uri.parse(text)
    if ("_tag" in uri) return
    const again = Uri.parse(Uri.href(uri))
    if ("_tag" in again) throw new Error(again.rule)
    strictEqual(again.target, uri.target)
    strictEqual(Uri.format(uri).includes("?"), false)
    strictEqual(Authority.parse(uri.authority) === undefined, false)
  }
}

export const lists: Target = {
  name: "lists-and-dates",
  words: [
    "chat",
    ", ",
    "\t",
    "Sun, 06 Nov 1994 08:49:37 GMT",
    "Sunday, 06-Nov-94 08:49:37 GMT",
    "Sun Nov  6 08:49:37 1994",
    "[::1]:",
    "99999"
  ],
  check: (octets) => {
    const text = textOf(octets)
    const names = Subprotocol.parse(text)
    if (names !== undefined) deepStrictEqual(Subprotocol.parse(names.join(", ")), names)
    const millis = HttpDate.parse(text, 0)
    if (millis !== undefined) strictEqual(HttpDate.parse(new Date(millis).toUTCString(), 0), millis)
    const authority = Authority.parse(text)
    if (authority !== undefined) strictEqual(authority.port === undefined || authority.port <= 65535, true)
  }
}
