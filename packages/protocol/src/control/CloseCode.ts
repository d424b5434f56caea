/**
 * Why a connection is closed (RFC 6455 §7.4), with the names of the IANA registry in full.
 *
 * `NoStatusRcvd`, `AbnormalClosure` and `TlsHandshake` are for what an endpoint tells its application; they are never on
 * the wire (§7.4.1), nor are codes that nobody has registered below 3000.
 *
 * @example
 * ```ts
 * import * as CloseCode from "@effect-websocket/protocol/control/CloseCode"
 *
 * CloseCode.name(1001) // "GoingAway"
 * CloseCode.isSendable(1006) // false
 * ```
 *
 * @example
 * ```ts
 * import { isReceivable } from "@effect-websocket/protocol/control/CloseCode"
 *
 * isReceivable(1006) // false: it is for what was never on the wire
 * ```
 */
export const CloseCode = {
  /** The purpose of the connection is fulfilled. */
  NormalClosure: 1000,
  /** A server goes down, or a browser has left the page. */
  GoingAway: 1001,
  ProtocolError: 1002,
  /** A kind of message that the endpoint can not accept. */
  UnsupportedData: 1003,
  /** Never sent: the Close frame had no code. */
  NoStatusRcvd: 1005,
  /** Never sent: the connection ended without a Close frame. */
  AbnormalClosure: 1006,
  /** The payload does not fit the kind of message, for instance a text that is not UTF-8. */
  InvalidFramePayloadData: 1007,
  PolicyViolation: 1008,
  MessageTooBig: 1009,
  /** A client misses an extension in the server's answer. */
  MandatoryExtension: 1010,
  InternalError: 1011,
  ServiceRestart: 1012,
  TryAgainLater: 1013,
  BadGateway: 1014,
  /** Never sent: TLS could not be established. */
  TlsHandshake: 1015
} as const

export type CloseCode = (typeof CloseCode)[keyof typeof CloseCode]

const names: ReadonlyMap<number, string> = new Map(Object.entries(CloseCode).map(([name, code]) => [code, name]))

/** The name in the registry; undefined for codes without one, as those of applications (3000-4999). */
export const name = (code: number): string | undefined => names.get(code)

/** Whether the code may be in a Close frame that we send: 1000-1003, 1007-1014, 3000-4999. */
export const isSendable = (code: number): boolean =>
  Number.isInteger(code) &&
  ((code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999))

/** Whether the code may be in a Close frame of the peer: the same as what may be sent. */
export const isReceivable: (code: number) => boolean = isSendable
