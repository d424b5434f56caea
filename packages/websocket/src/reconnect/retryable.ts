/**
 * Which failures another attempt may cure: the default of reconnecting.
 *
 * The network is, and so is a server that is overloaded or restarts. What the peer, or we, would do again in the same way is
 * not: a refusal, a broken rule, a certificate, an option out of range; nor what is an answer: a close with 1000.
 */
import { CloseCode } from "@effect-websocket/protocol/control/CloseCode"
import * as Option from "effect/Option"
import type { ProxyFault } from "../proxy/ProxyFault.js"
import {
  Closed,
  type Closure,
  HandshakeError,
  type HandshakeReason,
  TimeoutError,
  TransportError,
  type TransportReason
} from "../WebSocketError.js"

/** RFC 9110 §15, RFC 6585 §4, RFC 8470 §5.2: statuses that speak of now and not of the request. */
const passingStatuses: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504])

/** Codes with which a server leaves, and not the application on it. */
const passingCodes: ReadonlySet<number> = new Set([
  CloseCode.GoingAway,
  CloseCode.InternalError,
  CloseCode.ServiceRestart,
  CloseCode.TryAgainLater,
  CloseCode.BadGateway
])

/** Codes of Node.js for a connection that was lost while TLS was made. */
const isLost = (code: string | undefined): boolean =>
  code === "EPIPE" || code === "ETIMEDOUT" || code?.startsWith("ECONN") === true

/** RFC 1928 §6: the proxy's rules, its commands and its types of addresses are as they are. */
const lastingReplies: ReadonlySet<number> = new Set([2, 7, 8])

const ofProxy = (fault: ProxyFault): boolean => {
  switch (fault._tag) {
    case "Refused":
      return passingStatuses.has(fault.response.head.status)
    case "SocksReply":
      return !lastingReplies.has(fault.code)
    default:
      return false
  }
}

const ofTransport = (reason: TransportReason): boolean => {
  switch (reason._tag) {
    case "TlsHandshake":
      return isLost(reason.code)
    case "Proxy":
      return ofProxy(reason.fault)
    case "Aborted":
    case "Overrun":
    case "Unsupported":
      return false
    default:
      return true
  }
}

const ofHandshake = (reason: HandshakeReason): boolean => {
  switch (reason._tag) {
    case "UpgradeDeclined":
      return passingStatuses.has(reason.response.status)
    case "HttpError":
      return reason.violation.kind === "EndedEarly"
    default:
      return false
  }
}

const ofClosure = ({ initiator, received }: Closure): boolean =>
  initiator === "remote" && Option.exists(received, ({ code }) => passingCodes.has(code))

/** Whether another attempt makes sense after this failure. Failures which are not of this library are not retried. */
export const retryable = (error: unknown): boolean => {
  if (error instanceof TransportError) return ofTransport(error.reason)
  if (error instanceof HandshakeError) return ofHandshake(error.reason)
  if (error instanceof Closed) return ofClosure(error.closure)
  return error instanceof TimeoutError
}
