/**
 * Subprotocols (RFC 6455 §1.9, §4.1 item 10, §11.3.4): the offer of a client and the choice of a server.
 *
 * Names are compared octet by octet: "chat" is not "CHAT". What an offer consists of is the same in both directions,
 * tokens without duplicates, at least one if the field stands at all.
 *
 * @example
 * ```ts
 * import { choose } from "@effect-websocket/protocol/handshake/Subprotocol"
 *
 * choose(["chat.v1", "chat.v2"], ["chat.v2"]) // "chat.v2"
 * ```
 *
 * @example
 * ```ts
 * import { invalidOffer, parse } from "@effect-websocket/protocol/handshake/Subprotocol"
 *
 * parse("chat.v1, chat.v2") // ["chat.v1", "chat.v2"]; undefined when it is no list
 * invalidOffer(["chat", "chat"]) // what is wrong with it
 * ```
 */
import { isToken, tokenList } from "../http/Grammar.js"

/** Why the names may not be offered, or undefined. No names at all: the field is left out. */
export const invalidOffer = (names: ReadonlyArray<string>): string | undefined => {
  if (!names.every(isToken)) return "RFC 6455 §4.1: a subprotocol is a token"
  return new Set(names).size < names.length ? "RFC 6455 §4.1: a subprotocol is offered once" : undefined
}

/** The offer in a field value (several fields joined); undefined when it is not a list of different tokens. */
export const parse = (value: string): ReadonlyArray<string> | undefined => {
  const names = tokenList(value)
  return names === undefined || names.length === 0 || invalidOffer(names) !== undefined ? undefined : names
}

/** The preference of the server decides: the first of the supported names which was offered. */
export const choose = (offered: ReadonlyArray<string>, supported: ReadonlyArray<string>): string | undefined => {
  const names = new Set(offered)
  return supported.find((name) => names.has(name))
}
