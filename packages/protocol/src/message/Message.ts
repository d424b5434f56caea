/**
 * What applications exchange (RFC 6455 §5.6): a text message is a string, a binary message its octets. How a message was
 * cut into frames is not part of it (§5.4).
 *
 * @example
 * ```ts
 * import type { Message } from "@effect-websocket/protocol/message/Message"
 *
 * const sizeOf = (message: Message): number => message.length
 * ```
 */
export type Message = string | Uint8Array
