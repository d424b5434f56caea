/**
 * What a peer can do wrong with a message of HTTP/1.1 (RFC 9112), as a value: returned, never thrown.
 *
 * It names the rule that was broken and its section, and carries the status with which a server answers. It holds nothing
 * the peer sent.
 *
 * @example
 * ```ts
 * import { decode } from "@effect-websocket/protocol/http/FieldLine"
 * import { isHttpViolation } from "@effect-websocket/protocol/http/HttpViolation"
 *
 * const field = decode("no colon")
 * if (isHttpViolation(field)) console.log(field.status, field.section, field.rule)
 * ```
 */
export interface HttpViolation {
  readonly _tag: "HttpViolation"
  /**
   * `Syntax`: a line is not of the grammar. `HeadTooLarge`, `TooManyFields`, `TargetTooLong`: over a limit of ours.
   * `Version`: neither HTTP/1.0 nor HTTP/1.1. `UnexpectedBody`: a body where none may be. `Framing`: where the body ends is
   * unclear. `Expectation`: an unknown one. `EndedEarly`: the octets ended inside of the message.
   */
  readonly kind:
    | "Syntax"
    | "HeadTooLarge"
    | "TooManyFields"
    | "TargetTooLong"
    | "Version"
    | "UnexpectedBody"
    | "Framing"
    | "Expectation"
    | "EndedEarly"
  /** For instance "RFC 9112 §5.1". */
  readonly section: string
  /** What the section demands, in our words. */
  readonly rule: string
  /** The status of the answer, if the peer is a client. */
  readonly status: 400 | 414 | 417 | 431 | 501 | 505
}

/** Makes a violation: the rule that is broken, its section, and the status that answers it. */
export const httpViolation = (
  kind: HttpViolation["kind"],
  section: string,
  rule: string,
  status: HttpViolation["status"]
): HttpViolation => ({ _tag: "HttpViolation", kind, section, rule, status })

/** Whether a result is a violation. */
export const isHttpViolation = (value: unknown): value is HttpViolation =>
  typeof value === "object" && value !== null && "_tag" in value && value._tag === "HttpViolation"
