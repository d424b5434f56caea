import { describe, expect, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as fc from "fast-check"
import { basicAuth, type Credentials, sameSecret } from "../../src/handshake/basicAuth.js"
import { acceptanceOf, refusalOf } from "../support/answering.js"
import { test } from "../support/leavesNothing.js"
import { fieldOf, request } from "../support/sample.js"

const expected = Redacted.make("open sesame:é")
const verify = ({ password, username }: Credentials) =>
  Effect.succeed(
    username === "anna" && sameSecret(password, expected) ? Option.some({ user: username }) : Option.none()
  )
const authorize = basicAuth({ realm: "test", verify })
const basic = (credentials: string) => `Basic ${Buffer.from(credentials).toString("base64")}`
const asking = (value: string | ReadonlyArray<string> | undefined) => request({ Authorization: value })

describe("RFC 7617: Basic authentication (PARITY S13)", () => {
  for (const value of [basic("anna:open sesame:é"), basic("anna:open sesame:é").replace("Basic", "bASIC")]) {
    test(`S13: the session is what was found out: ${value.slice(0, 5)}`, function* () {
      const { accepted } = yield* acceptanceOf(asking(value), { authorize })
      expect(accepted.session).toEqual({ user: "anna" })
    })
  }

  for (const [name, value] of [
    ["no credentials", undefined],
    ["no colon (HARDENING S24)", "Basic dXNlcg=="],
    ["what is not Base64 (HARDENING S24)", "Basic %%%"],
    ["nothing behind the scheme", "Basic"],
    ["octets that are not UTF-8", `Basic ${Buffer.from([0x61, 0x3a, 0xff]).toString("base64")}`],
    ["another scheme", "Bearer YTpi"],
    ["another name", basic("bert:open sesame:é")],
    ["another password", basic("anna:open")],
    ["an empty password", basic("anna:")]
  ] as const) {
    test(`${name}: 401 with a challenge`, function* () {
      const { answer, error } = yield* refusalOf(asking(value), { authorize })
      expect(error.reason._tag).toBe("Rejected")
      expect(answer.status).toBe(401)
      expect(fieldOf(answer, "WWW-Authenticate")).toBe('Basic realm="test", charset="UTF-8"')
      expect(answer.body).toBe("credentials are required\n")
    })
  }

  test("HARDENING S24: two fields: 400", function* () {
    const { answer } = yield* refusalOf(asking([basic("anna:open sesame:é"), basic("a:b")]), { authorize })
    expect(answer.status).toBe(400)
    expect(answer.fields.has("www-authenticate")).toBe(false)
  })

  test("HARDENING S24: a value of 1 MB is over the limit of the head", function* () {
    const { answer } = yield* refusalOf(asking(basic("a".repeat(1_000_000))), { authorize })
    expect(answer.status).toBe(431)
  })

  test("a realm is quoted (RFC 9110 §5.6.4)", function* () {
    const { answer } = yield* refusalOf(request(), { authorize: basicAuth({ realm: 'a "b" \\c', verify }) })
    expect(fieldOf(answer, "WWW-Authenticate")).toBe('Basic realm="a \\"b\\" \\\\c", charset="UTF-8"')
  })

  class Users extends Context.Tag("Users")<Users, ReadonlyMap<string, number>>() {}

  test("S13: verifying may need services", function* () {
    const policy = basicAuth({
      realm: "test",
      verify: ({ username }) => Effect.map(Users, (users) => Option.fromNullable(users.get(username)))
    })
    const effect = acceptanceOf(asking(basic("anna:")), { authorize: policy })
    const { accepted } = yield* Effect.provideService(effect, Users, new Map([["anna", 7]]))
    expect(accepted.session).toBe(7)
  })

  test("HARDENING G02: neither credentials nor field are part of an error or an answer", function* () {
    const { answer, error } = yield* refusalOf(asking(basic("anna:hunter2")), { authorize })
    const shown = [error.message, String(error), answer.body, JSON.stringify(error)].join("\n")
    for (const secret of ["hunter2", "anna", basic("anna:hunter2").slice(6)]) expect(shown).not.toContain(secret)
  })
})

describe("sameSecret", () => {
  it("is equality of the octets", () => {
    fc.assert(
      fc.property(fc.fullUnicodeString(), fc.fullUnicodeString(), (a, b) => {
        expect(sameSecret(Redacted.make(a), Redacted.make(b))).toBe(a === b)
        expect(sameSecret(Redacted.make(a), Redacted.make(a))).toBe(true)
        expect(sameSecret(Redacted.make(`${a}x`), Redacted.make(a))).toBe(false)
        expect(sameSecret(Redacted.make(a), Redacted.make(`${a}\0`))).toBe(false)
      })
    )
  })
})
