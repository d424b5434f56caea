/**
 * Dates in fields (RFC 9110 §5.6.7): text in, milliseconds since 1970 out.
 *
 * All three forms that a recipient must take are taken, each at its fixed places and in its own case; anything else is
 * undefined. The name of the day is not compared with the date.
 *
 * @example
 * ```ts
 * import { parse } from "@effect-websocket/protocol/http/HttpDate"
 *
 * const millis = parse("Sun, 06 Nov 1994 08:49:37 GMT", Date.UTC(2026, 0))
 * ```
 */
import { isDigits } from "./Grammar.js"

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
const shortDays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
const longDays = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]

/** The longest a two-digit year may seem to lie ahead, in years. */
const farAhead = 50

/** Digits only. NaN: not a number. */
const number = (digits: string): number => (isDigits(digits) ? Number(digits) : Number.NaN)

/** HH:MM:SS, in milliseconds; a leap second is the one that follows. NaN: not a time. */
const timeOfDay = (text: string): number => {
  const [hour, minute, second] = [number(text.slice(0, 2)), number(text.slice(3, 5)), number(text.slice(6, 8))]
  const isTime = text.length === 8 && text[2] === ":" && text[5] === ":" && hour < 24 && minute < 60 && second <= 60
  return isTime ? ((hour * 60 + minute) * 60 + second) * 1000 : Number.NaN
}

/** NaN: no such day. */
const dayOf = (year: number, monthName: string, day: number): number => {
  const millis = new Date(0).setUTCFullYear(year, months.indexOf(monthName), day)
  return months.includes(monthName) && new Date(millis).getUTCDate() === day ? millis : Number.NaN
}

/** day-name "," SP day SP month SP year SP time-of-day SP GMT: "Sun, 06 Nov 1994 08:49:37 GMT" */
const imfFixdate = (text: string): number => {
  const isForm = text.length === 29 && shortDays.includes(text.slice(0, 3)) && text.slice(3, 5) === ", "
  if (!isForm || text[7] !== " " || text[11] !== " " || text[16] !== " " || !text.endsWith(" GMT")) return Number.NaN
  return dayOf(number(text.slice(12, 16)), text.slice(8, 11), number(text.slice(5, 7))) + timeOfDay(text.slice(17, 25))
}

/** §5.6.7: a year that seems to be more than 50 years ahead is the last one with these digits. */
const fullYear = (digits: string, now: number): number => {
  const thisYear = new Date(now).getUTCFullYear()
  const year = thisYear - (thisYear % 100) + number(digits)
  return year > thisYear + farAhead ? year - 100 : year
}

/** day-name-l "," SP day "-" month "-" 2DIGIT SP time-of-day SP GMT: "Sunday, 06-Nov-94 08:49:37 GMT" */
const rfc850Date = (text: string, now: number): number => {
  const comma = text.indexOf(", ")
  const rest = text.slice(comma + 2)
  const isForm = longDays.includes(text.slice(0, Math.max(comma, 0))) && rest.length === 22 && rest.endsWith(" GMT")
  if (!isForm || rest[2] !== "-" || rest[6] !== "-" || rest[9] !== " ") return Number.NaN
  const year = fullYear(rest.slice(7, 9), now)
  return dayOf(year, rest.slice(3, 6), number(rest.slice(0, 2))) + timeOfDay(rest.slice(10, 18))
}

/** day-name SP month SP ( 2DIGIT / ( SP 1DIGIT ) ) SP time-of-day SP year: "Sun Nov  6 08:49:37 1994" */
const asctimeDate = (text: string): number => {
  const isForm = text.length === 24 && shortDays.includes(text.slice(0, 3)) && text[3] === " " && text[7] === " "
  if (!isForm || text[10] !== " " || text[19] !== " ") return Number.NaN
  const day = number(text[8] === " " ? text.slice(9, 10) : text.slice(8, 10))
  return dayOf(number(text.slice(20)), text.slice(4, 7), day) + timeOfDay(text.slice(11, 19))
}

/** Milliseconds since 1970; undefined: not a date. `now`, likewise, tells the century of the form that has none. */
export const parse = (text: string, now: number): number | undefined =>
  [imfFixdate(text), rfc850Date(text, now), asctimeDate(text)].find((millis) => !Number.isNaN(millis))
