import * as stream from "node:stream"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as NodeConnectionInfo from "../src/NodeConnectionInfo.js"
import { event, socketPair } from "./support/sockets.js"

describe("ConnectionInfo of a stream", () => {
  it("a stream which is no socket tells nothing", () => {
    const native = new stream.PassThrough()
    const { alpn, encrypted, local, native: lowest, peerCertificate, remote } = NodeConnectionInfo.make(native)
    expect({ alpn, encrypted, local, native: lowest, peerCertificate, remote }).toEqual({
      local: Option.none(),
      remote: Option.none(),
      encrypted: false,
      alpn: Option.none(),
      peerCertificate: Option.none(),
      native
    })
  })

  it.scopedLive("a TCP socket tells its addresses", () =>
    Effect.gen(function* () {
      const { far, near } = yield* socketPair
      const [there, here] = [NodeConnectionInfo.make(far), NodeConnectionInfo.make(near)]
      expect(here.remote).toEqual(there.local)
      expect(here.local).toEqual(there.remote)
      expect(Option.getOrThrow(here.remote)).toEqual({
        _tag: "TcpAddress",
        hostname: "127.0.0.1",
        port: near.remotePort
      })
    })
  )

  it.scopedLive("the peer's address is known after the socket has closed, if it was remembered", () =>
    Effect.gen(function* () {
      const { near } = yield* socketPair
      NodeConnectionInfo.remember(near)
      near.destroy()
      yield* event(near, "close")
      expect(NodeConnectionInfo.make(near).remote._tag).toBe("Some")
    })
  )
})
