import { describe, expect, it } from "@effect/vitest"
import { Fields } from "@effect-websocket/protocol/http/Fields"
import { isUpgrade, type RequestHead } from "effect-websocket/Handshake"

const connection = { Connection: "upgrade" }

describe("Beast rfc6455.cpp: test_is_upgrade (PARITY §17.7)", () => {
  for (const [name, version, method, fields, expected] of [
    ["HTTP/1.0", "1.0", "GET", {}, false],
    ["POST", "1.1", "POST", {}, false],
    ["a GET with Connection: upgrade", "1.1", "GET", connection, false],
    ["a GET with Upgrade: websocket, too", "1.1", "GET", { ...connection, Upgrade: "websocket" }, true]
  ] as const) {
    it(`${name} is ${expected ? "" : "not "}one`, () => {
      const head: RequestHead = { version, method, target: "/", fields: Fields.from({ ...fields }) }
      expect(isUpgrade(head)).toBe(expected)
    })
  }
})
