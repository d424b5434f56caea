/**
 * The octets of one message in, its head out (RFC 9112 §2 to §5), strictly: what could be read in two ways is refused.
 *
 * Octets may be cut anywhere, and each is looked at once. Size and number are bounded; the first rule that is broken is
 * the one that is told, at the octet or at the line where it is broken. A decoder reads one head. It does not judge
 * whether the fields make sense, and does not read a body.
 *
 * @example
 * ```ts
 * import { HeadDecoder } from "@effect-websocket/protocol/http/HeadDecoder"
 *
 * const decoder = HeadDecoder.request({ maxHeadSize: 16_384, maxFields: 100, maxTargetSize: 8192 })
 * const decoded = decoder.decode(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: a\r\n\r\n"))
 * if (decoded !== undefined && "head" in decoded) console.log(decoded.head.target)
 * ```
 */
import * as FieldLine from "./FieldLine.js"
import { type Field, Fields } from "./Fields.js"
import { type HttpViolation, httpViolation, isHttpViolation } from "./HttpViolation.js"
import { LineReader } from "./LineReader.js"
import * as RequestHead from "./RequestHead.js"
import * as ResponseHead from "./ResponseHead.js"

/** How large a head may be. */
export interface HeadLimits {
  /** Octets, with start line and line ends. */
  readonly maxHeadSize: number
  readonly maxFields: number
  /** Octets of the request-target. */
  readonly maxTargetSize: number
}

/** RFC 6585 §5: also where a single field is too large. */
const headTooLarge = httpViolation("HeadTooLarge", "RFC 9112 §5", "a head is not larger than the limit", 431)
const tooManyFields = httpViolation("TooManyFields", "RFC 9112 §5", "a head has not more fields than the limit", 431)

/** What makes a head of its start line and its fields. */
type StartLine<H> = (fields: Fields) => H

/** Reads one head, however its octets are cut. */
export class HeadDecoder<H extends RequestHead.RequestHead | ResponseHead.ResponseHead> {
  static request(limits: HeadLimits): HeadDecoder<RequestHead.RequestHead> {
    const decodeLine = (line: string) => RequestHead.decodeLine(line, limits.maxTargetSize)
    return new HeadDecoder(limits, decodeLine, RequestHead.targetTooLong, true)
  }

  static response(limits: HeadLimits): HeadDecoder<ResponseHead.ResponseHead> {
    return new HeadDecoder(limits, ResponseHead.decodeLine, headTooLarge, false)
  }

  private isUntouched = true
  private startLine: StartLine<H> | undefined = undefined
  private readonly fields: Array<Field> = []
  private readonly maxFields: number
  private readonly lines: LineReader

  private constructor(
    limits: HeadLimits,
    private readonly decodeLine: (line: string) => StartLine<H> | HttpViolation,
    startLineTooLong: HttpViolation,
    private mayBeginEmpty: boolean
  ) {
    this.maxFields = limits.maxFields
    this.lines = new LineReader(limits.maxHeadSize, startLineTooLong)
  }

  /** No octet has come: an end here is no error. */
  get isEmpty(): boolean {
    return this.isUntouched
  }

  /**
   * Goes on with `octets`. undefined: more are needed. `next` is the index of the first octet behind the head. After a head
   * or a violation the decoder is done.
   */
  decode(octets: Uint8Array): { readonly head: H; readonly next: number } | HttpViolation | undefined {
    if (octets.length > 0) this.isUntouched = false
    let line = this.lines.read(octets, 0)
    while (typeof line === "string") {
      const head = this.startLine === undefined ? this.start(line) : this.field(line, this.startLine)
      if (head !== undefined) return isHttpViolation(head) ? head : { head, next: this.lines.next }
      line = this.lines.read(octets, this.lines.next)
    }
    return line
  }

  private start(line: string): HttpViolation | undefined {
    if (line === "" && this.mayBeginEmpty) {
      // §2.2: a server ignores an empty line before the request line. Stricter: only one.
      this.mayBeginEmpty = false
      return undefined
    }
    const startLine = this.decodeLine(line)
    if (isHttpViolation(startLine)) return startLine
    this.startLine = startLine
    this.lines.refuseWith(headTooLarge)
    return undefined
  }

  private field(line: string, startLine: StartLine<H>): H | HttpViolation | undefined {
    if (line === "") return startLine(Fields.of(this.fields))
    if (this.fields.length >= this.maxFields) return tooManyFields
    const field = FieldLine.decode(line)
    if (isHttpViolation(field)) return field
    this.fields.push(field)
    return undefined
  }
}
