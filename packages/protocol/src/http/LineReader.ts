/**
 * Octets in, lines out (RFC 9112 §2.2), as Latin-1 text without the CRLF: for heads, and for the chunked coding.
 *
 * Each octet is looked at once, however the octets are cut, and the first one that is wrong is a violation at once: a
 * line need not end before it is refused. A CR is only ever followed by a LF, a LF only ever behind a CR, and there are
 * no other controls but HTAB. `allow` bounds what is read, and so what is kept.
 *
 * @example
 * ```ts
 * import { httpViolation } from "@effect-websocket/protocol/http/HttpViolation"
 * import { LineReader } from "@effect-websocket/protocol/http/LineReader"
 *
 * const tooMany = httpViolation("HeadTooLarge", "RFC 9112 §5", "a head is not larger than the limit", 431)
 * const lines = new LineReader(1024, tooMany)
 * const line = lines.read(new TextEncoder().encode("GET / HTTP/1.1\r\n"), 0)
 * ```
 */
import * as Latin1 from "../bytes/Latin1.js"
import * as Utf8 from "../bytes/Utf8.js"
import { type HttpViolation, httpViolation } from "./HttpViolation.js"

const cr = 0x0d
const lf = 0x0a

/** 1: HTAB, SP, VCHAR or obs-text (RFC 9110 §5.5), 0: the other controls. */
const isText = Uint8Array.from({ length: 256 }, (_, octet) =>
  octet === 0x09 || (octet >= 0x20 && octet !== 0x7f) ? 1 : 0
)

const badLineEnd = httpViolation("Syntax", "RFC 9112 §2.2", "a line ends with CRLF; neither octet stands alone", 400)
const control = httpViolation("Syntax", "RFC 9110 §5.5", "a line has no control characters but tabs", 400)

/** The index of the first octet which is not text, or `end`. */
const textEnd = (octets: Uint8Array, start: number, end: number): number => {
  let at = start
  while (at < end && isText[octets[at]] === 1) at++
  return at
}

/** The text of Latin-1. Heads are ASCII as a rule: only then text that is UTF-8 has as many characters as octets. */
const textOf = (octets: Uint8Array, start: number, end: number): string => {
  if (start === end) return ""
  const text = Utf8.decode(octets, start, end)
  return text?.length === end - start ? text : Latin1.decode(octets, start, end)
}

/** Cuts octets into lines, within a room. */
export class LineReader {
  /** After `read`: the index of the first octet that is not of the line. */
  next = 0
  private line = ""
  private isAfterCr = false

  /** At most `room` octets may come, line ends included; `tooMany` is the violation that one more is. */
  constructor(
    private room: number,
    private tooMany: HttpViolation
  ) {}

  /** Sets a new bound, from the next octet on. */
  allow(room: number, tooMany: HttpViolation): void {
    this.room = room
    this.tooMany = tooMany
  }

  /** Another violation for one octet too many; the room stays. */
  refuseWith(tooMany: HttpViolation): void {
    this.tooMany = tooMany
  }

  /** The line that goes on at `start`; undefined when `octets` end before it does. */
  read(octets: Uint8Array, start: number): string | HttpViolation | undefined {
    const end = Math.min(octets.length, start + this.room)
    this.next = start
    const line = this.readText(octets, end) ?? this.readEnd(octets, end)
    this.room -= this.next - start
    if (line !== undefined) return line
    return end < octets.length ? this.tooMany : undefined
  }

  private readText(octets: Uint8Array, end: number): HttpViolation | undefined {
    if (this.isAfterCr) return undefined
    const stop = textEnd(octets, this.next, end)
    this.line += textOf(octets, this.next, stop)
    this.next = stop
    if (stop === end) return undefined
    if (octets[stop] !== cr) return octets[stop] === lf ? badLineEnd : control
    this.isAfterCr = true
    this.next++
    return undefined
  }

  private readEnd(octets: Uint8Array, end: number): string | HttpViolation | undefined {
    if (!this.isAfterCr || this.next === end) return undefined
    if (octets[this.next] !== lf) return badLineEnd
    const line = this.line
    this.line = ""
    this.isAfterCr = false
    this.next++
    return line
  }
}
