/**
 * What an application chooses for an opening handshake (RFC 6455 §4), in each role.
 */
import type { Negotiated } from "@effect-websocket/protocol/handshake/Negotiated"
import type { UpgradeRequest } from "@effect-websocket/protocol/handshake/ServerHandshake"
import { Fields, type FieldsInput } from "@effect-websocket/protocol/http/Fields"
import type { RequestHead } from "@effect-websocket/protocol/http/RequestHead"
import type { ResponseHead } from "@effect-websocket/protocol/http/ResponseHead"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type { CompressionChoice } from "../Compression.js"
import type { LimitOptions } from "../Limits.js"
import type { HandshakeError, OptionError, TimeoutError, TransportError } from "../WebSocketError.js"
import type { OrEffect } from "../waiting/orEffect.js"
import type { Rejected } from "./Rejected.js"

export type { FieldsInput, Negotiated, OrEffect, RequestHead, ResponseHead, UpgradeRequest }
export { Fields }

/** What a client asks for. */
export interface RequestOptions<E = never, R = never> {
  /** Subprotocols, in the order of preference (RFC 6455 §1.9). */
  readonly subprotocols?: ReadonlyArray<string> | undefined
  /** Whether a server that chooses none of them is refused with `BadSubprotocol`. Default false. */
  readonly requireSubprotocol?: boolean | undefined
  /** More fields for the request: `Authorization`, `Origin`, `Cookie`, … The handshake's own are refused, except for `Host`. */
  readonly fields?: FieldsInput | undefined
  /** Sees the request as it would be sent, and gives the fields to set: run for each attempt, just before it is sent. */
  readonly decorateRequest?: ((request: RequestHead) => OrEffect<FieldsInput, E, R>) | undefined
  /** Offers permessage-deflate (RFC 7692), with the service `Compression`. Default false. */
  readonly compression?: CompressionChoice | undefined
  /** Limits of this connection, where they differ from the ambient ones. */
  readonly limits?: LimitOptions | undefined
}

/** Which pages of browsers may connect: those of the same origin, all, the ones listed, or as a function decides. */
export type OriginPolicy =
  | "same-origin"
  | "any"
  | ReadonlyArray<string>
  | ((origin: string, request: UpgradeRequest) => boolean)

/** What a server accepts. `A` is what `authorize` finds out; it becomes part of the connection. */
export interface AcceptOptions<A = undefined, R = never> {
  /** Which origins may connect; requests without an Origin do not come from a browser and may. Default `"same-origin"` (RFC 6455 §10.2). */
  readonly origin?: OriginPolicy | undefined
  /** Which hosts the server answers for, as a defence against DNS rebinding: 421 for others. Default all. */
  readonly hosts?: ReadonlyArray<string> | undefined
  /** Whether the client's side is encrypted, where a proxy in front ends TLS. Default: whether the connection is. */
  readonly secure?: boolean | undefined
  /** Supported subprotocols in the order of preference, or a choice among the offered ones. Default none. */
  readonly subprotocols?:
    | ReadonlyArray<string>
    | ((offered: ReadonlyArray<string>, request: UpgradeRequest) => OrEffect<Option.Option<string>, Rejected, R>)
    | undefined
  /** Whether a client with which no subprotocol is agreed is refused with 400. Default false. */
  readonly requireSubprotocol?: boolean | undefined
  /** The policy of the application: what it gives becomes part of the connection, `Rejected` is the answer to the client. */
  readonly authorize?: ((request: UpgradeRequest) => Effect.Effect<A, Rejected, R>) | undefined
  /** Sees the response as it would be sent, a refusal too, and gives the fields to set. */
  readonly decorateResponse?: ((response: ResponseHead) => OrEffect<FieldsInput, never, R>) | undefined
  /**
   * Takes the first offer of permessage-deflate that suits (RFC 7692 §5.1), with the service `Compression`. Default false: it costs
   * memory and time, and tells the length of what is compressed.
   */
  readonly compression?: CompressionChoice | undefined
  /** Whether the connection stays open for a further attempt after a refusal. Default `"close"`: a proxy may believe it is upgraded. */
  readonly keepAlive?: "close" | "allow" | undefined
  /** Limits of this connection, where they differ from the ambient ones. */
  readonly limits?: LimitOptions | undefined
}

/** What was read from the connection before the handshake. */
export interface AlreadyRead {
  /** The head of the request. */
  readonly request?: RequestHead | undefined
  /** Octets; when `request` is given, those behind it. */
  readonly octets?: Uint8Array | undefined
}

/** An accepted handshake: what was negotiated, and what `authorize` found out. */
export interface Accepted<A> {
  readonly negotiated: Negotiated
  readonly session: A
}

/** What a handshake fails with. Its deadline, `limits.handshakeTimeout`, is a total. */
export type HandshakeFailure = HandshakeError | TransportError | TimeoutError | OptionError
