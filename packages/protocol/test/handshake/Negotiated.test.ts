import { describe, expect, it } from "vitest"
import * as ExtensionList from "../../src/extension/ExtensionList.js"
import * as Negotiated from "../../src/handshake/Negotiated.js"
import { Fields } from "../../src/http/Fields.js"
import * as ResponseHead from "../../src/http/ResponseHead.js"

const negotiated = (offer: string | undefined, answer: string): Negotiated.Negotiated => ({
  role: "client",
  request: {
    method: "GET",
    target: "/",
    version: "1.1",
    fields: offer === undefined ? Fields.empty : Fields.from({ "Sec-WebSocket-Extensions": offer })
  },
  response: ResponseHead.make(101, Fields.empty),
  subprotocol: undefined,
  extensions: ExtensionList.parse(answer) ?? [],
  leftover: new Uint8Array(0)
})

describe("RFC 7692 §7.1 the agreed parameters of a connection", () => {
  it("are those of the answer, within the offer", () => {
    const value = negotiated("permessage-deflate; client_max_window_bits=10", "permessage-deflate")
    expect(Negotiated.deflate(value)).toEqual({
      serverNoContextTakeover: false,
      clientNoContextTakeover: false,
      serverMaxWindowBits: 15,
      clientMaxWindowBits: 10
    })
  })

  it("keep the wish of a client for a window of 256 octets", () => {
    const value = negotiated("permessage-deflate; client_max_window_bits=8", "permessage-deflate")
    expect(Negotiated.deflate(value)?.clientMaxWindowBits).toBe(8)
  })

  it.each([
    ["no extension was agreed", "permessage-deflate", ""],
    ["another extension was agreed", "permessage-deflate, foo", "foo"],
    ["nothing was offered", undefined, "permessage-deflate"]
  ])("are absent when %s", (_, offer, answer) => {
    expect(Negotiated.deflate(negotiated(offer, answer))).toBeUndefined()
  })
})
