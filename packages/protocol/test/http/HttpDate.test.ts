import { describe, expect, it } from "@effect/vitest"
import * as fc from "fast-check"
import { parse } from "../../src/http/HttpDate.js"

const now = Date.UTC(2026, 10, 24)
const example = Date.UTC(1994, 10, 6, 8, 49, 37)

describe("RFC 9110 §5.6.7: dates", () => {
  for (const text of [
    "Sun, 06 Nov 1994 08:49:37 GMT",
    "Sunday, 06-Nov-94 08:49:37 GMT",
    "Sun Nov  6 08:49:37 1994",
    "Sun Nov 06 08:49:37 1994"
  ]) {
    it(`a recipient MUST take ${text}`, () => expect(parse(text, now)).toBe(example))
  }

  it("a year of two digits over 50 years ahead MUST be the last one with these digits", () => {
    expect(parse("Sunday, 06-Nov-76 08:49:37 GMT", now)).toBe(Date.UTC(2076, 10, 6, 8, 49, 37))
    expect(parse("Sunday, 06-Nov-77 08:49:37 GMT", now)).toBe(Date.UTC(1977, 10, 6, 8, 49, 37))
  })

  it("a leap second is the second that follows", () => {
    expect(parse("Sat, 31 Dec 2016 23:59:60 GMT", now)).toBe(Date.UTC(2017, 0, 1))
  })

  it("29 February is a date in leap years", () => {
    expect(parse("Thu, 29 Feb 2024 00:00:00 GMT", now)).toBe(Date.UTC(2024, 1, 29))
    expect(parse("Thu, 29 Feb 2023 00:00:00 GMT", now)).toBe(undefined)
  })

  it("the first years are as they stand", () => {
    expect(parse("Sun, 01 Jan 0001 00:00:00 GMT", now)).toBe(new Date("0001-01-01T00:00:00Z").getTime())
  })

  for (const text of [
    "",
    "1994-11-06T08:49:37Z",
    "Sun, 06 Nov 1994 08:49:37 UTC",
    "Sun, 06 Nov 1994 08:49:37 gmt",
    "Sun, 06 nov 1994 08:49:37 GMT",
    "Sun, 6 Nov 1994 08:49:37 GMT",
    "Sun, 00 Nov 1994 08:49:37 GMT",
    "Sun, 31 Nov 1994 08:49:37 GMT",
    "Sun, 06 Nov 1994 24:00:00 GMT",
    "Sun, 06 Nov 1994 08:60:37 GMT",
    "Sun, 06 Nov 1994 08:49:61 GMT",
    "Sun, 06 Nov 1994 08-49-37 GMT",
    "Sun, +6 Nov 1994 08:49:37 GMT",
    "Sun, 06 Nov 1e+3 08:49:37 GMT",
    "Son, 06 Nov 1994 08:49:37 GMT",
    "Sun; 06 Nov 1994 08:49:37 GMT",
    "Sun, 06 Nov 1994 08:49:37 GMT ",
    "Sunday, 06-Nov-1994 08:49:37 GMT",
    "Sun, 06-Nov-94 08:49:37 GMT",
    "Sunday, 06 Nov 94 08:49:37 GMT",
    ", 06-Nov-94 08:49:37 GMT",
    "Sun Nov 6 08:49:37 1994",
    "Sun Nov  6 08:49:37 94",
    "Sun Nov x6 08:49:37 1994"
  ]) {
    it(`not a date: ${JSON.stringify(text)}`, () => expect(parse(text, now)).toBe(undefined))
  }

  it("reads what a Date writes", () => {
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date("9999-12-31"), noInvalidDate: true }), (date) => {
        expect(parse(date.toUTCString(), now)).toBe(Math.floor(date.getTime() / 1000) * 1000)
      })
    )
  })

  it("any text is a date or none, and nothing is thrown", () => {
    fc.assert(fc.property(fc.string({ maxLength: 30 }), (text) => void parse(text, now)))
  })
})
