/**
 * Every failure of the library, one tag per phase, with a tagged `reason` inside.
 *
 * The reasons of a peer's fault are the kernel's violations themselves, with section, rule and remedy (close code, or HTTP
 * status). Nothing secret is ever part of a message: no credentials, no cookies, no query of a URI.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { WebSocket, WebSocketError } from "effect-websocket"
 *
 * const ws = WebSocket.connect("wss://example.com/")
 * const logged = WebSocketError.catchReason(ws, "HandshakeError", "UpgradeDeclined", ({ response }) => Effect.log(response))
 * ```
 *
 * @example
 * ```ts
 * import type { WebSocketError as E } from "effect-websocket"
 *
 * // What a connection can fail with: an OptionError is one's own fault, a ProtocolError the peer's.
 * type Opening = E.TransportError | E.HandshakeError | E.TimeoutError | E.OptionError
 * type Open = E.Closed | E.ProtocolError | E.TransportError | E.TimeoutError | E.SendError
 * ```
 */
import type { ClosePayload } from "@effect-websocket/protocol/control/ClosePayload"
import type { ProtocolViolation } from "@effect-websocket/protocol/frame/ProtocolViolation"
import type { HandshakeViolation } from "@effect-websocket/protocol/handshake/HandshakeViolation"
import type { RequestHead } from "@effect-websocket/protocol/http/RequestHead"
import type { ResponseHead } from "@effect-websocket/protocol/http/ResponseHead"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import { traceless } from "./traceless.js"
import { describe, type TransportReason } from "./transport/TransportReason.js"

/** The octet stream beneath could not be opened, failed, or ended too early. `cause` is the error of the system. */
export class TransportError extends traceless(Data.TaggedError("TransportError"))<{
  readonly reason: TransportReason
  readonly cause?: unknown
}> {
  override get message(): string {
    return describe(this.reason)
  }
}

/** An HTTP response as it was received or sent: its head and as much of its body as the limits allow. */
export interface HttpResponse {
  readonly head: ResponseHead
  readonly body: Uint8Array
}

/** Why an opening handshake failed (RFC 6455 §4). */
export type HandshakeReason =
  | HandshakeViolation
  /** The application's policy refused the request; `response` is what it answered. */
  | { readonly _tag: "Rejected"; readonly section: string; readonly rule: string; readonly response: HttpResponse }
  /** The server, or one address, has as many connections or handshakes as it may have; answered with 503, or 429. */
  | { readonly _tag: "ServerBusy"; readonly section: string; readonly rule: string; readonly retryAfter: number }

/**
 * The opening handshake failed. On a client `response` is what the server sent, whole (head, and body within the limit);
 * on a server it is what was answered. With `keepAlive` the connection is still open for a further attempt, which begins with
 * the octets `leftover`.
 */
export class HandshakeError extends Data.TaggedError("HandshakeError")<{
  readonly role: "client" | "server"
  readonly reason: HandshakeReason
  readonly request: Option.Option<RequestHead>
  readonly response: Option.Option<HttpResponse>
  readonly keepAlive: boolean
  readonly leftover: Uint8Array
}> {
  override get message(): string {
    const status = Option.match(this.response, { onNone: () => "", onSome: ({ head }) => ` (status ${head.status})` })
    return `${this.reason.section}: ${this.reason.rule}${status}`
  }
}

/** The peer broke the protocol (RFC 6455 §7.1.7). A Close frame with `reason.closeCode` was sent; `offset` is the octet, counted from the first frame. */
export class ProtocolError extends Data.TaggedError("ProtocolError")<{
  readonly reason: ProtocolViolation
  readonly offset: number
}> {
  override get message(): string {
    return `${this.reason.section}: ${this.reason.rule} (octet ${this.offset})`
  }
}

/** How a connection ended. */
export interface Closure {
  /** Who began the closing handshake, or failed the connection. */
  readonly initiator: "local" | "remote"
  /** The Close frame we sent. A frame without a code has code 1005 and is sent empty (RFC 6455 §7.1.5). */
  readonly sent: Option.Option<ClosePayload>
  /** The Close frame the peer sent. */
  readonly received: Option.Option<ClosePayload>
  /** Both Close frames were exchanged, and no rule was broken (RFC 6455 §7.1.4). */
  readonly clean: boolean
  /** What ended the connection when it was not the closing handshake. */
  readonly cause: ProtocolError | TransportError | TimeoutError | undefined
}

/** The closing handshake ended the connection; `closure` has the codes of both sides. */
export class Closed extends traceless(Data.TaggedError("Closed"))<{ readonly closure: Closure }> {
  override get message(): string {
    const { initiator, received, sent } = this.closure
    const code = Option.getOrUndefined(initiator === "remote" ? received : sent)?.code
    return `the ${initiator === "remote" ? "peer" : "application"} closed the connection${code === undefined ? "" : ` with ${code}`}`
  }
}

/** What was being waited for when the time was up. */
export type TimeoutPhase = "Connect" | "Handshake" | "Idle" | "Close" | "Message"

const awaited: Readonly<Record<TimeoutPhase, string>> = {
  Connect: "the connection to open",
  Handshake: "the opening handshake (RFC 6455 §4)",
  Idle: "any octet from the peer",
  Close: "the peer's Close frame (RFC 6455 §7.1.2)",
  Message: "the end of a message that had begun"
}

/** A deadline of the limits has passed. Deadlines are totals: a trickle of octets does not prolong them. */
export class TimeoutError extends Data.TaggedError("TimeoutError")<{
  readonly phase: TimeoutPhase
  readonly after: Duration.Duration
}> {
  override get message(): string {
    return `waited ${Duration.format(this.after)} for ${awaited[this.phase]}`
  }
}

/** What ends an open connection. The first of them is what every pending and later operation sees. */
export type ConnectionError = Closed | ProtocolError | TransportError | TimeoutError

/** What receiving fails with: every end of a connection is a failure. */
export type ReceiveError = ConnectionError

/** Why a message or control frame was not sent. */
export type SendReason =
  /** We have sent a Close frame: nothing may follow it (RFC 6455 §5.5.1). */
  | { readonly _tag: "Closing" }
  /** The connection has ended; `failure` is the one that every operation sees. */
  | { readonly _tag: "Closed"; readonly failure: ConnectionError }
  /** A control frame carries at most 125 octets, a close reason at most 123 (RFC 6455 §5.5). */
  | { readonly _tag: "PayloadTooLong"; readonly length: number; readonly limit: number }
  /** 1004, 1005, 1006, 1015 and codes outside of 1000–1014 and 3000–4999 never go on the wire (RFC 6455 §7.4). */
  | { readonly _tag: "BadCloseCode"; readonly code: number }
  /** Octets that were to be sent as text are not UTF-8 (RFC 6455 §5.6). */
  | { readonly _tag: "BadText" }
  /** As much is waiting to be sent as the limits allow. */
  | { readonly _tag: "QueueFull"; readonly limit: number }
  /** There is no connection at the moment, and the policy of `Reconnect` is not to wait for one. */
  | { readonly _tag: "NotOpen" }

const sendMessage = (reason: SendReason): string => {
  switch (reason._tag) {
    case "Closing":
      return "RFC 6455 §5.5.1: nothing is sent after a Close frame"
    case "Closed":
      return `the connection has ended: ${reason.failure.message}`
    case "PayloadTooLong":
      return `RFC 6455 §5.5: ${reason.length} octets where ${reason.limit} are allowed`
    case "BadCloseCode":
      return `RFC 6455 §7.4: the close code ${reason.code} may not be sent`
    case "BadText":
      return "RFC 6455 §5.6: text is sent as UTF-8"
    case "QueueFull":
      return `${reason.limit} octets are waiting to be sent`
    case "NotOpen":
      return "there is no open connection now"
  }
}

/** A message or control frame was not sent. Nothing of it is on the wire, unless it leaves in fragments and had begun. */
export class SendError extends Data.TaggedError("SendError")<{ readonly reason: SendReason }> {
  override get message(): string {
    return sendMessage(this.reason)
  }
}

/** An option is out of range, or may not stand in an HTTP head. Found before anything is sent. */
export class OptionError extends Data.TaggedError("OptionError")<{
  /** The name of the option, or of the field. */
  readonly option: string
  /** What is allowed. */
  readonly rule: string
}> {
  override get message(): string {
    return `option ${this.option}: ${this.rule}`
  }
}

export { catchReason } from "./catchReason.js"
export type { TransportReason } from "./transport/TransportReason.js"
