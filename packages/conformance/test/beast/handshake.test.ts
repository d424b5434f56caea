import { describe, expect, it } from "@effect/vitest"
import * as DeflateParameters from "@effect-websocket/protocol/extension/DeflateParameters"
import * as ExtensionList from "@effect-websocket/protocol/extension/ExtensionList"
import * as PerMessageDeflate from "@effect-websocket/protocol/extension/PerMessageDeflate"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { expect as expectOctets, send } from "effect-websocket/testing/Script"
import { layer as scripted } from "effect-websocket/testing/ScriptedPeer"
import * as WebSocket from "effect-websocket/WebSocket"
import { tagsOf } from "../support/underTest.js"
import { tagOf } from "./codes.js"
import { differs, titled } from "./deviations.js"
import { handshakeTimeouts } from "./handshakeTimeouts.js"

const server = "Server: beast\r\n"
const upgrade = "Upgrade: WebSocket\r\n"
const connection = "Connection: upgrade\r\n"
const accept = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
const version = "Sec-WebSocket-Version: 13\r\n"

const switching = (...fields: ReadonlyArray<string>): string =>
  `HTTP/1.1 101 Switching Protocols\r\n${server}${fields.join("")}${version}\r\n`

/** Beast's error code, and the response for which a client gives it. */
const responses: ReadonlyArray<readonly [code: string, response: string]> = [
  ["bad_http_version", switching(upgrade, connection, accept).replace("1.1", "1.0")],
  ["no_connection", switching(upgrade, accept)],
  ["no_connection_upgrade", switching(upgrade, "Connection: keep-alive\r\n", accept)],
  ["no_upgrade", switching(connection, accept)],
  ["no_upgrade_websocket", switching("Upgrade: HTTP/2\r\n", connection, accept)],
  ["no_sec_accept", switching(upgrade, connection)],
  ["bad_sec_accept", switching(upgrade, connection, "Sec-WebSocket-Accept: *\r\n")],
  ["upgrade_declined", switching(upgrade, connection, accept).replace("101 Switching Protocols", "200 OK")]
]

/** What `connect` fails with when a server answers this, and ends. */
const failureWith = (response: string) =>
  Effect.flip(Effect.scoped(WebSocket.connect("ws://localhost:80/"))).pipe(
    Effect.flatMap((error) =>
      error._tag === "HandshakeError" ? Effect.succeed(error) : Effect.dieMessage(error.message)
    ),
    Effect.provide([WebSocket.layer, scripted([expectOctets("\r\n\r\n"), send(response), { _tag: "End" }])])
  )

describe("Beast handshake.cpp: testHandshake, the responses (PARITY §17.2)", () => {
  for (const [code, response] of responses) {
    it.effect(`${code}: ${tagOf(code)}`, () =>
      Effect.map(failureWith(response), (error) => expect(tagsOf(error)).toBe(`HandshakeError.${tagOf(code)}`))
    )
  }
})

describe("Beast handshake.cpp: issue 2364 (PARITY §17.2)", () => {
  it.effect("the response of a server that refuses is 401, with its body", () =>
    Effect.map(failureWith("HTTP/1.1 401 Unauthorized\r\nContent-Length: 4\r\n\r\nwho?"), ({ response }) => {
      const { body, head } = Option.getOrThrow(response)
      expect([head.status, Buffer.from(body).toString()]).toEqual([401, "who?"])
    })
  )

  it.effect(titled("the response is 500 when it is garbage", differs("a response that could not be read is 500")), () =>
    Effect.map(failureWith("This is not HTTP\r\n\r\n"), (error) => {
      expect(tagsOf(error)).toBe("HandshakeError.HttpError.Syntax")
      expect(error.response).toEqual(Option.none())
    })
  )
})

/** What an offer says of permessage-deflate, as Beast's `pmd_offer`; undefined: nothing that a server accepts. */
const offered = (field: string): DeflateParameters.DeflateParameters | undefined => {
  const extension = ExtensionList.parse(field)?.find(PerMessageDeflate.isDeflate)
  return extension && DeflateParameters.parse(extension.parameters)
}

const deflate = (parameters: string): string => (parameters === "" ? extension : `${extension}; ${parameters}`)
const extension = "permessage-deflate"

const none: DeflateParameters.DeflateParameters = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: undefined,
  clientMaxWindowBits: undefined
}

const rejected = [
  "server_max_window_bits=8; server_max_window_bits=8",
  "server_max_window_bits",
  "server_max_window_bits=",
  "server_max_window_bits=-1",
  "server_max_window_bits=7",
  "server_max_window_bits=16",
  "server_max_window_bits=999999999999999999999999",
  "server_max_window_bits=9a",
  "client_max_window_bits=8; client_max_window_bits=8",
  "client_max_window_bits=-1",
  "client_max_window_bits=7",
  "client_max_window_bits=16",
  "client_max_window_bits=999999999999999999999999",
  ...["server_no_context_takeover", "client_no_context_takeover"].flatMap((flag) => [
    `${flag}; ${flag}`,
    `${flag}=-1`,
    `${flag}=x`,
    `${flag}="yz"`,
    `${flag}=999999999999999999999999`
  ]),
  "unknown",
  "unknown=",
  "unknown=1",
  "unknown=x",
  'unknown="xy"'
]

/** What is written with `=` and nothing behind it. */
const valueless = ["client_max_window_bits=", "server_no_context_takeover=", "client_no_context_takeover="]

const accepted: Readonly<Record<string, Partial<DeflateParameters.DeflateParameters>>> = {
  client_max_window_bits: { clientMaxWindowBits: true },
  server_no_context_takeover: { serverNoContextTakeover: true },
  client_no_context_takeover: { clientNoContextTakeover: true }
}

describe("Beast handshake.cpp: testExtRead (PARITY §17.2)", () => {
  for (const parameters of rejected) {
    it(`reject ${deflate(parameters)}`, () => {
      expect(offered(deflate(parameters))).toBeUndefined()
    })
  }

  for (const [parameters, expected] of Object.entries(accepted)) {
    it(`accept ${deflate(parameters)}`, () => {
      expect(offered(deflate(parameters))).toEqual({ ...none, ...expected })
    })
  }

  for (const parameters of valueless) {
    const different = differs("a parameter with `=` and no value has none")
    it(titled(`accept ${deflate(parameters)}`, different), () => {
      expect(ExtensionList.parse(deflate(parameters))).toBeUndefined()
    })
  }
})

/** Beast's window bits, 0 for "not written" and -1 for "without a value", are undefined and true. */
const written: ReadonlyArray<readonly [Partial<DeflateParameters.DeflateParameters>, string]> = [
  [{}, ""],
  [{ serverMaxWindowBits: 10 }, "server_max_window_bits=10"],
  [{ clientMaxWindowBits: 10 }, "client_max_window_bits=10"],
  [{ clientMaxWindowBits: true }, "client_max_window_bits"],
  [{ serverNoContextTakeover: true }, "server_no_context_takeover"],
  [{ clientNoContextTakeover: true }, "client_no_context_takeover"]
]

describe("Beast handshake.cpp: testExtWrite (PARITY §17.2)", () => {
  for (const [parameters, expected] of written) {
    it(deflate(expected), () => {
      expect(ExtensionList.format([DeflateParameters.format({ ...none, ...parameters })])).toBe(deflate(expected))
    })
  }

  const different = differs("`server_max_window_bits` may be written without a value")
  it(titled(deflate("server_max_window_bits"), different), () => {
    // @ts-expect-error: the type has a number for it, and nothing else.
    const parameters: DeflateParameters.DeflateParameters = { ...none, serverMaxWindowBits: true }
    expect(offered(ExtensionList.format([DeflateParameters.format(parameters)]))).toBeUndefined()
  })
})

/** An offer, the settings of a server where they are not those of Beast, and Beast's answer. */
interface Negotiation {
  readonly offer: string
  readonly settings?: Partial<PerMessageDeflate.DeflateSettings>
  /** undefined: the extension is declined. */
  readonly beast: string | undefined
  /** Our answer where it is another one. */
  readonly here?: string | undefined
  readonly differs?: string
}

const negotiations: ReadonlyArray<Negotiation> = [
  { offer: "", beast: "" },
  { offer: "server_max_window_bits=14", beast: "server_max_window_bits=14" },
  {
    offer: "server_max_window_bits=15",
    beast: "",
    here: "server_max_window_bits=15",
    differs: differs("an offered `server_max_window_bits=15` is left out of the answer")
  },
  {
    offer: "server_max_window_bits=8",
    beast: "server_max_window_bits=9",
    here: undefined,
    differs: differs("an offered window of 8 bits is answered with 9")
  },
  { offer: "", settings: { serverMaxWindowBits: 10 }, beast: "server_max_window_bits=10" },
  {
    offer: "server_max_window_bits=14",
    settings: { serverMaxWindowBits: 10 },
    beast: "server_max_window_bits=10"
  },
  {
    // A setting that both refuse as an option: streamOptions.test.ts.
    offer: "server_max_window_bits=14",
    settings: { serverMaxWindowBits: 8 },
    beast: "server_max_window_bits=9",
    here: undefined,
    differs: differs("an offered window of 8 bits is answered with 9")
  },
  { offer: "client_max_window_bits", beast: "" },
  { offer: "client_max_window_bits", settings: { clientMaxWindowBits: 10 }, beast: "client_max_window_bits=10" },
  { offer: "", settings: { clientMaxWindowBits: 10 }, beast: undefined }
]

const beastSettings: PerMessageDeflate.DeflateSettings = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15
}

const shown = (parameters: string | undefined): string => (parameters === undefined ? "declined" : deflate(parameters))

describe("Beast handshake.cpp: testExtNegotiate (PARITY §17.2)", () => {
  for (const each of negotiations) {
    const { beast, differs: different, offer, settings = {} } = each
    const here = "here" in each ? each.here : beast
    const title = `${deflate(offer)} with ${JSON.stringify(settings)}: ${shown(beast)}`
    it(titled(title, different), () => {
      const offers = ExtensionList.parse(deflate(offer))!
      const answer = PerMessageDeflate.answer(offers, { ...beastSettings, ...settings })
      expect(answer && ExtensionList.format([answer.extension])).toBe(here === undefined ? undefined : deflate(here))
      // The client understands the answer as it was meant.
      if (answer !== undefined) expect(PerMessageDeflate.agree(offers, answer.extension)).toEqual(answer.agreed)
    })
  }

  it("doTestHandshake: a client's 14 bits and a server's limit of 9 agree on server 9, client 14", () => {
    const offers = [PerMessageDeflate.offer({ ...beastSettings, clientMaxWindowBits: 14 })]
    const answer = PerMessageDeflate.answer(offers, { ...beastSettings, serverMaxWindowBits: 9 })!
    expect(PerMessageDeflate.agree(offers, answer.extension)).toMatchObject({
      serverMaxWindowBits: 9,
      clientMaxWindowBits: 14
    })
  })
})

handshakeTimeouts("handshake.cpp: testAsync (PARITY §17.2)", "client")
