import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as ExtensionList from "../../src/extension/ExtensionList.js"
import * as PerMessageDeflate from "../../src/extension/PerMessageDeflate.js"

const defaults: PerMessageDeflate.DeflateSettings = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15
}

const list = (value: string) => ExtensionList.parse(value) ?? []
const pmd = (parameters: string) => `permessage-deflate${parameters}`

const offer = (settings: Partial<PerMessageDeflate.DeflateSettings>) =>
  ExtensionList.format([PerMessageDeflate.offer({ ...defaults, ...settings })])

const answer = (offers: string, settings: Partial<PerMessageDeflate.DeflateSettings> = {}) => {
  const answered = PerMessageDeflate.answer(list(offers), { ...defaults, ...settings })
  return answered && ExtensionList.format([answered.extension])
}

const verifyAnswer = (offers: string, answered: string) =>
  PerMessageDeflate.verifyAnswer(list(offers), list(answered)[0]!)

describe("RFC 7692 §7.1 the offer of a client", () => {
  it.each<readonly [Partial<PerMessageDeflate.DeflateSettings>, string]>([
    [{}, pmd("; client_max_window_bits")],
    [{ clientMaxWindowBits: 10 }, pmd("; client_max_window_bits=10")],
    [{ serverMaxWindowBits: 10 }, pmd("; client_max_window_bits; server_max_window_bits=10")],
    [{ serverNoContextTakeover: true }, pmd("; server_no_context_takeover; client_max_window_bits")],
    [{ clientNoContextTakeover: true }, pmd("; client_no_context_takeover; client_max_window_bits")]
  ])("%j offers %s", (settings, expected) => {
    expect(offer(settings)).toBe(expected)
  })
})

describe("RFC 7692 §5.1 the offers of a client", () => {
  const offers = (settings: Partial<PerMessageDeflate.DeflateSettings>) =>
    ExtensionList.format(PerMessageDeflate.offers({ ...defaults, ...settings }))

  it("Q25: a server that does not know server_max_window_bits finds an offer without it", () => {
    expect(offers({ serverMaxWindowBits: 12, clientNoContextTakeover: true })).toBe(
      `${pmd("; client_no_context_takeover; client_max_window_bits; server_max_window_bits=12")}, ` +
        pmd("; client_no_context_takeover; client_max_window_bits")
    )
  })

  it("there is one offer where there is nothing to fall back from", () => {
    expect(offers({})).toBe(pmd("; client_max_window_bits"))
  })
})

describe("RFC 7692 §7.1.2.2 a client whose window may not be limited", () => {
  it("has the largest one, where the limit is a wish; else it is declined", () => {
    const settings = { ...defaults, clientMaxWindowBits: 10 }
    const answered = PerMessageDeflate.answer(list(pmd("")), { ...settings, limitsClientWindow: false })
    expect(answered).toMatchObject({ extension: { parameters: [] }, agreed: { clientMaxWindowBits: 15 } })
    expect(PerMessageDeflate.answer(list(pmd("")), { ...settings, limitsClientWindow: true })).toBeUndefined()
    expect(PerMessageDeflate.answer(list(pmd("")), settings)).toBeUndefined()
  })

  it("is limited where it may be, wish or not", () => {
    const settings = { ...defaults, clientMaxWindowBits: 10, limitsClientWindow: false }
    const answered = PerMessageDeflate.answer(list(pmd("; client_max_window_bits")), settings)
    expect(answered?.agreed.clientMaxWindowBits).toBe(10)
  })
})

describe("RFC 7692 §7.1 the answer of a server", () => {
  it.each<readonly [string, Partial<PerMessageDeflate.DeflateSettings>, string | undefined]>([
    ["", {}, ""],
    ["; server_max_window_bits=14", {}, "; server_max_window_bits=14"],
    ["", { serverMaxWindowBits: 10 }, "; server_max_window_bits=10"],
    ["; server_max_window_bits=14", { serverMaxWindowBits: 10 }, "; server_max_window_bits=10"],
    ["; server_max_window_bits=9", { serverMaxWindowBits: 10 }, "; server_max_window_bits=9"],
    ["; client_max_window_bits", {}, ""],
    ["; client_max_window_bits", { clientMaxWindowBits: 10 }, "; client_max_window_bits=10"],
    ["; client_max_window_bits=12", {}, "; client_max_window_bits=12"],
    ["; client_max_window_bits=12", { clientMaxWindowBits: 10 }, "; client_max_window_bits=10"],
    ["; client_max_window_bits=8", { clientMaxWindowBits: 10 }, "; client_max_window_bits=8"],
    ["; client_max_window_bits=15", {}, "; client_max_window_bits=15"],
    ["; server_no_context_takeover", {}, "; server_no_context_takeover"],
    ["", { serverNoContextTakeover: true }, "; server_no_context_takeover"],
    ["; client_no_context_takeover", {}, "; client_no_context_takeover"],
    ["", { clientNoContextTakeover: true }, "; client_no_context_takeover"]
  ])("offer permessage-deflate%s with %j: permessage-deflate%s", (offered, settings, expected) => {
    expect(answer(pmd(offered), settings)).toBe(pmd(expected!))
  })

  it("§7.1.2.1: an offered server_max_window_bits MUST be in the answer, also at its default", () => {
    expect(answer(pmd("; server_max_window_bits=15"))).toBe(pmd("; server_max_window_bits=15"))
  })

  it("§7.1.2.2: MUST NOT limit the client's window when the client did not offer it", () => {
    expect(answer(pmd(""), { clientMaxWindowBits: 10 })).toBeUndefined()
  })

  it("§7.1.2.1: declines a window of 256 octets, which it cannot compress with", () => {
    expect(answer(pmd("; server_max_window_bits=8"))).toBeUndefined()
  })

  it("§5.1: takes the first offer that it can meet", () => {
    expect(answer(`${pmd("; unknown")}, ${pmd("; server_max_window_bits=10")}, ${pmd("")}`)).toBe(
      pmd("; server_max_window_bits=10")
    )
    expect(answer(`${pmd("")}, ${pmd("; client_max_window_bits")}`, { clientMaxWindowBits: 10 })).toBe(
      pmd("; client_max_window_bits=10")
    )
  })

  it("declines without a failure what it does not know", () => {
    expect(answer("constructor, toString, x-webkit-deflate-frame")).toBeUndefined()
    expect(answer(pmd("; server_max_window_bits"))).toBeUndefined()
    expect(PerMessageDeflate.answer([], defaults)).toBeUndefined()
  })

  it("finds the name without case", () => {
    expect(answer("Permessage-Deflate")).toBe("permessage-deflate")
  })

  it("takes one of 500 offers", () => {
    expect(answer(Array.from({ length: 500 }, () => "permessage-deflate").join())).toBe("permessage-deflate")
  })
})

describe("RFC 7692 §7.1 the client's check of an answer", () => {
  const offered = pmd("; client_max_window_bits")

  it.each<readonly [string, string, Partial<PerMessageDeflate.DeflateSettings>]>([
    ["", "", {}],
    ["", "; server_no_context_takeover", { serverNoContextTakeover: true }],
    ["", "; client_no_context_takeover", { clientNoContextTakeover: true }],
    ["", "; server_max_window_bits=8", { serverMaxWindowBits: 8 }],
    ["; server_max_window_bits=10", "; server_max_window_bits=9", { serverMaxWindowBits: 9 }],
    ["; server_max_window_bits=15", "", {}],
    ["; client_max_window_bits", "", {}],
    ["; client_max_window_bits", "; client_max_window_bits=9", { clientMaxWindowBits: 9 }],
    ["; client_max_window_bits=10", "", { clientMaxWindowBits: 10 }],
    ["; client_max_window_bits=10", "; client_max_window_bits=12", { clientMaxWindowBits: 10 }],
    ["; client_max_window_bits=10", "; client_max_window_bits=9", { clientMaxWindowBits: 9 }],
    ["; client_no_context_takeover", "", { clientNoContextTakeover: true }],
    ["; server_no_context_takeover", "; server_no_context_takeover", { serverNoContextTakeover: true }]
  ])("offer permessage-deflate%s, answer permessage-deflate%s: %j", (offers, answered, agreed) => {
    expect(verifyAnswer(pmd(offers), pmd(answered))).toEqual({ ...defaults, ...agreed })
  })

  it.each([
    ["§7.1.1.1: server_no_context_takeover is missing", pmd("; server_no_context_takeover"), pmd("")],
    ["§7.1.2.1: server_max_window_bits is missing", pmd("; server_max_window_bits=10"), pmd("")],
    [
      "§7.1.2.1: server_max_window_bits is larger",
      pmd("; server_max_window_bits=10"),
      pmd("; server_max_window_bits=11")
    ],
    ["§7.1.2.2: client_max_window_bits was not offered", pmd(""), pmd("; client_max_window_bits=15")],
    ["§7.1.2.2: client_max_window_bits has no value", offered, pmd("; client_max_window_bits")],
    ["the client cannot compress with 256 octets", offered, pmd("; client_max_window_bits=8")],
    ["server_max_window_bits has no value", offered, pmd("; server_max_window_bits")],
    ["server_max_window_bits is out of range", offered, pmd("; server_max_window_bits=7")],
    ["a parameter is unknown", offered, pmd("; unknown")],
    ["no offer at all", "x-other", pmd("")],
    ["an offer that is none", pmd("; unknown"), pmd("")],
    ["another extension", offered, "foo"]
  ])("MUST fail: %s", (_, offers, answered) => {
    expect(verifyAnswer(offers, answered)).toBeUndefined()
  })

  it("an answer is measured by the first offer which it suits", () => {
    const offers = `${pmd("; server_max_window_bits=10")}, ${pmd("; client_max_window_bits=11")}`
    expect(verifyAnswer(offers, pmd(""))).toEqual({ ...defaults, clientMaxWindowBits: 11 })
  })
})

describe("RFC 7692 §7.1 both sides", () => {
  const settings = fc.record({
    serverNoContextTakeover: fc.boolean(),
    clientNoContextTakeover: fc.boolean(),
    serverMaxWindowBits: fc.integer({ min: 9, max: 15 }),
    clientMaxWindowBits: fc.integer({ min: 9, max: 15 })
  })

  it("our server's answer to our client's offer agrees on the stricter of each", () => {
    fc.assert(
      fc.property(settings, settings, (client, server) => {
        const offers = [PerMessageDeflate.offer(client)]
        const answered = PerMessageDeflate.answer(offers, server)!
        expect(answered.agreed).toEqual({
          serverNoContextTakeover: client.serverNoContextTakeover || server.serverNoContextTakeover,
          clientNoContextTakeover: client.clientNoContextTakeover || server.clientNoContextTakeover,
          serverMaxWindowBits: Math.min(client.serverMaxWindowBits, server.serverMaxWindowBits),
          clientMaxWindowBits: Math.min(client.clientMaxWindowBits, server.clientMaxWindowBits)
        })
        expect(PerMessageDeflate.verifyAnswer(offers, answered.extension)).toEqual(answered.agreed)
        expect(PerMessageDeflate.agree(offers, answered.extension)).toEqual(answered.agreed)
      })
    )
  })

  it("whatever a server answers suits the offer", () => {
    const bits = fc.constantFrom("", "=8", "=9", "=12", "=15")
    const flag = (name: string) => fc.constantFrom("", `; ${name}`)
    const offers = fc
      .tuple(
        fc.option(bits.filter((text) => text !== "")),
        fc.option(bits),
        flag("server_no_context_takeover"),
        flag("client_no_context_takeover")
      )
      .map(([server, client, ...flags]) =>
        pmd(
          (server === null ? "" : `; server_max_window_bits${server}`) +
            (client === null ? "" : `; client_max_window_bits${client}`) +
            flags.join("")
        )
      )
    fc.assert(
      fc.property(offers, settings, (offered, server) => {
        const answered = PerMessageDeflate.answer(list(offered), server)
        if (answered === undefined) return
        expect(PerMessageDeflate.agree(list(offered), answered.extension)).toEqual(answered.agreed)
      })
    )
  })
})
