/**
 * A body in the chunked transfer coding in, its data out (RFC 9112 §7.1), as they arrive and without a copy.
 *
 * Chunk extensions and trailer fields must be of the grammar, are bounded, and then thrown away. The size of the data is
 * for the caller to bound. A decoder reads one body.
 *
 * @example
 * ```ts
 * import { ChunkedDecoder } from "@effect-websocket/protocol/http/ChunkedDecoder"
 *
 * const decoder = new ChunkedDecoder()
 * const end = decoder.decode(new TextEncoder().encode("2\r\nhi\r\n0\r\n\r\n"), 0, () => undefined)
 * ```
 */
import * as FieldLine from "./FieldLine.js"
import { isHexDigits, trimOws } from "./Grammar.js"
import { type HttpViolation, httpViolation, isHttpViolation } from "./HttpViolation.js"
import { LineReader } from "./LineReader.js"

/** Octets of all chunk extensions of a body, and of its trailer section. They are not in use with upgrades. */
const maxExtensions = 4096
const maxTrailer = 8192

/** §7.1: large sizes are to be expected; 16 hexadecimal digits are the most that anybody needs. */
const maxDigits = 16

const broken = (section: string, rule: string): HttpViolation => httpViolation("Framing", section, rule, 400)

const badSize = broken("RFC 9112 §7.1", "a chunk begins with its size in hexadecimal digits, below 2^53")
const badExtension = broken("RFC 9112 §7.1.1", "behind the size of a chunk comes nothing, or a semicolon")
const longExtensions = broken("RFC 9112 §7.1.1", "chunk extensions are not longer than the limit")
const badDataEnd = broken("RFC 9112 §7.1", "the data of a chunk end with CRLF")
const longTrailer = broken("RFC 9112 §7.1.2", "a trailer section is not longer than the limit")

const lineEndSize = 2

/** The index behind the chunk-size: white space and a semicolon can not be in it. */
const sizeEnd = (line: string): number => {
  let at = 0
  while (at < line.length && !" \t;".includes(line.charAt(at))) at++
  return at
}

const sizeOf = (digits: string): number | undefined => {
  if (digits.length > maxDigits || !isHexDigits(digits)) return undefined
  const size = Number.parseInt(digits, 16)
  return Number.isSafeInteger(size) ? size : undefined
}

/** The receiver of data, lent for the call. */
type OnData = (octets: Uint8Array, start: number, end: number) => void

/** Takes the chunks apart (RFC 9112 §7.1), however the octets are cut. */
export class ChunkedDecoder {
  private state: "Size" | "Data" | "DataEnd" | "Trailer" | "Done" = "Size"
  /** Octets of data that the chunk still has. */
  private missing = 0
  private extensionRoom = maxExtensions
  private readonly lines = new LineReader(maxDigits + maxExtensions + lineEndSize, longExtensions)

  /**
   * Goes on at `start` of `octets`. `next` is the index of the first octet behind the body, or the end of `octets` if the body
   * is not `done`. After a violation the decoder is done.
   */
  decode(
    octets: Uint8Array,
    start: number,
    onData: OnData
  ): { readonly done: boolean; readonly next: number } | HttpViolation {
    let at = start
    while (at < octets.length && this.state !== "Done") {
      const next = this.state === "Data" ? this.readData(octets, at, onData) : this.readLine(octets, at)
      if (typeof next !== "number") return next
      at = next
    }
    return { done: this.state === "Done", next: at }
  }

  private readData(octets: Uint8Array, start: number, onData: OnData): number {
    const end = Math.min(octets.length, start + this.missing)
    onData(octets, start, end)
    this.missing -= end - start
    if (this.missing === 0) {
      this.state = "DataEnd"
      this.lines.allow(lineEndSize, badDataEnd)
    }
    return end
  }

  private readLine(octets: Uint8Array, start: number): number | HttpViolation {
    const line = this.lines.read(octets, start)
    const violation = typeof line === "string" ? this.onLine(line) : line
    return violation ?? this.lines.next
  }

  private onLine(line: string): HttpViolation | undefined {
    if (this.state === "Size") return this.onSize(line)
    if (this.state === "Trailer") return this.onTrailer(line)
    // All that fits into two octets is CRLF.
    this.state = "Size"
    this.lines.allow(maxDigits + this.extensionRoom + lineEndSize, longExtensions)
    return undefined
  }

  // chunk = chunk-size [ chunk-ext ] CRLF chunk-data CRLF
  private onSize(line: string): HttpViolation | undefined {
    const end = sizeEnd(line)
    const size = sizeOf(line.slice(0, end))
    if (size === undefined) return badSize
    // §7.1.1: BWS may stand before the semicolon. Stricter: not without one.
    if (end < line.length && !trimOws(line.slice(end)).startsWith(";")) return badExtension
    this.extensionRoom -= line.length - end
    this.begin(size)
    return undefined
  }

  private begin(size: number): void {
    this.missing = size
    // §7.1: last-chunk = 1*("0")
    this.state = size === 0 ? "Trailer" : "Data"
    if (size === 0) this.lines.allow(maxTrailer, longTrailer)
  }

  private onTrailer(line: string): HttpViolation | undefined {
    if (line === "") {
      this.state = "Done"
      return undefined
    }
    const field = FieldLine.decode(line)
    return isHttpViolation(field) ? field : undefined
  }
}
