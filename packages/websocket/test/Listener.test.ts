import { describe, expect, it } from "@effect/vitest"
import * as Uri from "@effect-websocket/protocol/handshake/WebSocketUri"
import * as Effect from "effect/Effect"
import { Listener, uri } from "../src/Listener.js"
import type { Address } from "../src/Transport.js"

const uriOf = (address: Address, secure: boolean, target?: string) =>
  Effect.provideService(uri(target), Listener, { address, secure, accept: () => Effect.never })

describe("RFC 6455 §3: the URI of a Listener", () => {
  for (const [address, secure, target, expected] of [
    [{ _tag: "TcpAddress", hostname: "127.0.0.1", port: 8080 }, false, undefined, "ws://127.0.0.1:8080/"],
    [{ _tag: "TcpAddress", hostname: "::1", port: 8080 }, true, "/chat?a=b", "wss://[::1]:8080/chat?a=b"],
    [{ _tag: "UnixAddress", path: "/run/app.sock" }, false, "/x", "ws://localhost/x"],
    [{ _tag: "MemoryAddress", name: "memory" }, true, undefined, "wss://memory/"]
  ] as const) {
    it.effect(expected, () =>
      Effect.gen(function* () {
        const text = yield* uriOf(address, secure, target)
        expect(text).toBe(expected)
        expect(Uri.parse(text)).toMatchObject({ secure, target: target ?? "/" })
      })
    )
  }
})
