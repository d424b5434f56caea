import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as DeflateParameters from "../../src/extension/DeflateParameters.js"
import * as ExtensionList from "../../src/extension/ExtensionList.js"

const none: DeflateParameters.DeflateParameters = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: undefined,
  clientMaxWindowBits: undefined
}

const parse = (parameters: string) => {
  const [extension] = ExtensionList.parse(`permessage-deflate${parameters}`) ?? []
  return extension && DeflateParameters.parse(extension.parameters)
}

describe("RFC 7692 §7.1 parameters", () => {
  it.each<readonly [string, Partial<DeflateParameters.DeflateParameters>]>([
    ["", {}],
    ["; server_no_context_takeover", { serverNoContextTakeover: true }],
    ["; client_no_context_takeover", { clientNoContextTakeover: true }],
    ["; server_max_window_bits=8", { serverMaxWindowBits: 8 }],
    ["; server_max_window_bits=15", { serverMaxWindowBits: 15 }],
    ["; client_max_window_bits=8", { clientMaxWindowBits: 8 }],
    ["; client_max_window_bits=15", { clientMaxWindowBits: 15 }],
    ["; client_max_window_bits", { clientMaxWindowBits: true }],
    [
      "; server_no_context_takeover; client_no_context_takeover; client_max_window_bits; server_max_window_bits=10",
      {
        serverMaxWindowBits: 10,
        clientMaxWindowBits: true,
        serverNoContextTakeover: true,
        clientNoContextTakeover: true
      }
    ]
  ])("permessage-deflate%s, both ways", (text, said) => {
    expect(parse(text)).toEqual({ ...none, ...said })
    expect(ExtensionList.format([DeflateParameters.format({ ...none, ...said })])).toBe(`permessage-deflate${text}`)
  })

  it("names are compared without case, a value may be quoted", () => {
    expect(parse('; Server_Max_Window_Bits="10"')).toEqual({ ...none, serverMaxWindowBits: 10 })
  })

  it.each([
    "server_max_window_bits=8; server_max_window_bits=8",
    "server_max_window_bits=8; SERVER_MAX_WINDOW_BITS=8",
    "server_max_window_bits",
    "server_max_window_bits=-1",
    "server_max_window_bits=0",
    "server_max_window_bits=7",
    "server_max_window_bits=16",
    "server_max_window_bits=999999999999999999999999",
    "server_max_window_bits=9a",
    "server_max_window_bits=09",
    "server_max_window_bits=0x9",
    "server_max_window_bits=10.0",
    "server_max_window_bits=+10",
    "server_max_window_bits=1e1",
    "server_max_window_bits=abc",
    "client_max_window_bits; client_max_window_bits",
    "client_max_window_bits=-1",
    "client_max_window_bits=7",
    "client_max_window_bits=16",
    "client_max_window_bits=999999999999999999999999",
    "client_max_window_bits=true",
    "server_no_context_takeover; server_no_context_takeover",
    "server_no_context_takeover=-1",
    "server_no_context_takeover=x",
    'server_no_context_takeover="yz"',
    "server_no_context_takeover=true",
    "client_no_context_takeover; client_no_context_takeover",
    "client_no_context_takeover=-1",
    "client_no_context_takeover=x",
    "unknown",
    "unknown=1",
    'unknown="xy"',
    "constructor",
    "__proto__=1"
  ])("%s MUST be declined", (parameters) => {
    expect(parse(`; ${parameters}`)).toBeUndefined()
  })

  it("parse(format(x)) = x", () => {
    const bits = fc.integer({ min: 8, max: 15 })
    const record = fc.record({
      serverNoContextTakeover: fc.boolean(),
      clientNoContextTakeover: fc.boolean(),
      serverMaxWindowBits: fc.option(bits, { nil: undefined }),
      clientMaxWindowBits: fc.oneof(bits, fc.constantFrom(true as const, undefined))
    })
    fc.assert(
      fc.property(record, (parameters) => {
        const extension = DeflateParameters.format(parameters)
        expect(extension.name).toBe("permessage-deflate")
        expect(DeflateParameters.parse(extension.parameters)).toEqual(parameters)
      })
    )
  })
})
