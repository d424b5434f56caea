import { describe, expect, it } from "@effect/vitest"
import { Fields } from "@effect-websocket/protocol/http/Fields"
import * as ResponseHead from "@effect-websocket/protocol/http/ResponseHead"
import { describeFault, type ProxyFault } from "../../src/proxy/ProxyFault.js"

const response = { head: ResponseHead.make(403, Fields.empty), body: new Uint8Array(0) }

describe("what is told of a proxy", () => {
  for (const [fault, told] of [
    [{ _tag: "Refused", response }, "the proxy a:1 did not open a tunnel (status 403)"],
    [{ _tag: "AuthRequired", challenges: ["Basic"], response }, "the proxy a:1 asks for other credentials"],
    [
      { _tag: "SocksReply", code: 5, meaning: "the connection was refused" },
      "the proxy a:1 did not connect: the connection was refused (5)"
    ],
    [
      { _tag: "Malformed", section: "RFC 1928 §3", rule: "it is so" },
      "the proxy a:1 breaks a rule: RFC 1928 §3: it is so"
    ]
  ] satisfies ReadonlyArray<readonly [ProxyFault, string]>) {
    it(fault._tag, () => expect(describeFault("a:1", fault)).toBe(told))
  }
})
