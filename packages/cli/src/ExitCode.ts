/**
 * What the exit code of the process says.
 *
 * | code | meaning |
 * |---|---|
 * | 0 | it went well: the connection was closed cleanly, by us or by the peer with 1000, 1001 or no code |
 * | 1 | a fault of this program |
 * | 2 | it was called wrongly: an argument, an option, a file that cannot be read |
 * | 3 | no connection: refused, not found, TLS failed; or it was lost without a Close frame |
 * | 4 | the server refused the handshake |
 * | 5 | the peer broke the protocol |
 * | 6 | the peer closed the connection with another code |
 * | 7 | a time was up, or a Ping was not answered |
 * | 130 | it was interrupted |
 *
 * @example
 * ```ts
 * import { ExitCode } from "@effect-websocket/cli"
 * import { Exit } from "effect"
 *
 * ExitCode.exitCode(Exit.fail(new ExitCode.PingsLost({ lost: 1, sent: 4 }))) // 7
 * ```
 *
 * @example
 * ```ts
 * import { ExitCode } from "@effect-websocket/cli"
 * import { Effect, Exit } from "effect"
 * import { WebSocket } from "effect-websocket"
 *
 * // Whether a connection has ended well; else in words, as the commands say it.
 * const judged = (ws: WebSocket.WebSocket) =>
 *   ws.closed.pipe(
 *     Effect.map(ExitCode.complaint),
 *     Effect.tap((complaint) => Effect.log(complaint)),
 *     Effect.mapError(ExitCode.describe)
 *   )
 *
 * ExitCode.describeCode(1013, "too slow") // 1013 (TryAgainLater): too slow
 * ExitCode.exitCode(Exit.fail(new ExitCode.ClosedByPeer({ code: 1013, reason: "too slow" }))) // 6
 * ```
 */

import { isValidationError } from "@effect/cli/ValidationError"
import * as CloseCode from "@effect-websocket/protocol/control/CloseCode"
import { escape } from "@effect-websocket/protocol/frame/Frame"
import * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type { Closure, HandshakeError } from "effect-websocket/WebSocketError"

/** The peer closed the connection with a code that says that something is wrong. */
export class ClosedByPeer extends Data.TaggedError("ClosedByPeer")<{ readonly code: number; readonly reason: string }> {
  override get message(): string {
    return `the peer closed the connection with ${describeCode(this.code, this.reason)}`
  }
}

/** The peer did not answer some of the Pings. */
export class PingsLost extends Data.TaggedError("PingsLost")<{ readonly lost: number; readonly sent: number }> {
  override get message(): string {
    return `${this.lost} of ${this.sent} Pings were not answered`
  }
}

/** A close code with its name in the registry, and its reason. */
export const describeCode = (code: number, reason: string): string => {
  const name = CloseCode.name(code)
  return `${code}${name === undefined ? "" : ` (${name})`}${reason === "" ? "" : `: ${escape(reason)}`}`
}

const isWell = (code: number): boolean =>
  code === CloseCode.CloseCode.NormalClosure ||
  code === CloseCode.CloseCode.GoingAway ||
  code === CloseCode.CloseCode.NoStatusRcvd

/** What is wrong about the end of a connection that was closed cleanly, if anything. */
export const complaint = ({ initiator, received }: Closure): Option.Option<ClosedByPeer> =>
  initiator === "remote"
    ? Option.map(
        Option.filter(received, ({ code }) => !isWell(code)),
        ({ code, reason }) => new ClosedByPeer({ code, reason })
      )
    : Option.none()

const codes = new Map<string, number>([
  ["OptionError", 2],
  ["SendError", 2],
  ["TransportError", 3],
  ["HandshakeError", 4],
  ["ProtocolError", 5],
  ["ClosedByPeer", 6],
  ["Closed", 6],
  ["TimeoutError", 7],
  ["PingsLost", 7]
])

const tagOf = (error: unknown): string => (error as { readonly _tag?: string } | undefined)?._tag ?? ""

const codeOf = (error: unknown): number => (isValidationError(error) ? 2 : (codes.get(tagOf(error)) ?? 1))

/** The exit code of a program that ended so. */
export const exitCode = (exit: Exit.Exit<unknown, unknown>): number => {
  if (Exit.isSuccess(exit)) return 0
  if (Cause.isInterruptedOnly(exit.cause)) return 130
  return Option.match(Cause.failureOption(exit.cause), {
    onNone: () => 1,
    onSome: codeOf
  })
}

/** Octets of a refusal's body that are shown. */
const maxBody = 400

const refusal = ({ response }: HandshakeError): string =>
  Option.match(response, {
    onNone: () => "",
    onSome: ({ body, head }) => {
      const text = new TextDecoder().decode(body.subarray(0, maxBody)).trim()
      return `\n  ${escape(`${head.status} ${head.reason}`)}${text === "" ? "" : `: ${escape(text)}`}`
    }
  })

const beneath = (cause: unknown): string => (cause instanceof Error ? ` (${escape(cause.message)})` : "")

/** What a person is told about a failure. What comes from the peer is escaped. */
export const describe = (error: unknown): string => {
  if (!(error instanceof Error)) return escape(String(error))
  const text = `${escape(error.message)}${beneath(error.cause)}`
  return tagOf(error) === "HandshakeError" ? text + refusal(error as HandshakeError) : text
}
