/**
 * The parts of the grammar which several fields share (RFC 9110 §5, RFC 9112 §3): strings in, whether they are of it out.
 *
 * Strings hold one octet per character (Latin-1). This is the only module with regular expressions; each is a single class
 * of characters between anchors, so that it can not backtrack.
 *
 * @example
 * ```ts
 * import { isToken, tokenList } from "@effect-websocket/protocol/http/Grammar"
 *
 * isToken("Sec-WebSocket-Key") // true
 * tokenList("keep-alive, Upgrade")
 * ```
 *
 * @example
 * ```ts
 * import { Fields } from "@effect-websocket/protocol/http/Fields"
 * import * as Grammar from "@effect-websocket/protocol/http/Grammar"
 *
 * Grammar.trimOws(" a ") // "a"
 * Grammar.hasToken(Fields.from({ Connection: "keep-alive, Upgrade" }), "Connection", "upgrade") // true
 * Grammar.isFieldValue("a b") && Grammar.isLineText("Not Found") && Grammar.isRequestTarget("/chat") // true
 * Grammar.isDigits("12") && Grammar.isHexDigits("fF") // true
 * ```
 */
// tchar = "!" / "#" / "$" / "%" / "&" / "'" / "*" / "+" / "-" / "." / "^" / "_" / "`" / "|" / "~" / DIGIT / ALPHA
// token = 1*tchar (RFC 9110 §5.6.2)
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
/** Whether the text is a token. */
export const isToken = (text: string): boolean => token.test(text)

// reason-phrase = 1*( HTAB / SP / VCHAR / obs-text ) (RFC 9112 §4)
const line = /^[\t\x20-\x7e\x80-\xff]*$/
/** Whether the text can stand in one line: no controls but HTAB, nothing over U+00FF. */
export const isLineText = (text: string): boolean => line.test(text)

// field-value = *field-content; field-content = field-vchar [ 1*( SP / HTAB / field-vchar ) field-vchar ]
// field-vchar = VCHAR / obs-text (RFC 9110 §5.5)
/** As an empty value is one, so is "", but white space around a value is not of it. */
export const isFieldValue = (text: string): boolean => isLineText(text) && trimOws(text).length === text.length

// request-target = origin-form / absolute-form / authority-form / asterisk-form (RFC 9112 §3.2)
const target = /^[\x21\x22\x24-\x7e]+$/
/** Whether the text has only characters of a request-target. Stricter: visible ASCII; a fragment is no part of it. */
export const isRequestTarget = (text: string): boolean => target.test(text)

// Content-Length = 1*DIGIT (RFC 9110 §8.6)
const digits = /^[0-9]+$/
/** Whether there are digits, and nothing else. */
export const isDigits = (text: string): boolean => digits.test(text)

// chunk-size = 1*HEXDIG (RFC 9112 §7.1)
const hexDigits = /^[0-9A-Fa-f]+$/
/** Whether there are hexadecimal digits, and nothing else. */
export const isHexDigits = (text: string): boolean => hexDigits.test(text)

const isSpace = (text: string, at: number): boolean => text.charCodeAt(at) === 0x20 || text.charCodeAt(at) === 0x09

// OWS = *( SP / HTAB ) (RFC 9110 §5.6.3)
/** The text without the optional white space around it. Linear time: no expression runs over the inner white space. */
export const trimOws = (text: string): string => {
  let start = 0
  let end = text.length
  while (start < end && isSpace(text, start)) start++
  while (end > start && isSpace(text, end - 1)) end--
  return text.slice(start, end)
}

// #element => [ element ] *( OWS "," OWS [ element ] ) (RFC 9110 §5.6.1.2)
const elements = (value: string): ReadonlyArray<string> =>
  value
    .split(",")
    .map(trimOws)
    .filter((element) => element !== "")

/** The tokens of a list; empty elements are skipped. undefined: something else than tokens is in it. */
export const tokenList = (value: string): ReadonlyArray<string> | undefined => {
  const tokens = elements(value)
  return tokens.every(isToken) ? tokens : undefined
}

// protocol = protocol-name [ "/" protocol-version ], both tokens (RFC 9110 §7.8)
const isProtocol = (element: string): boolean => {
  const slash = element.indexOf("/")
  return slash < 0 ? isToken(element) : isToken(element.slice(0, slash)) && isToken(element.slice(slash + 1))
}

/** What `hasToken` needs of `Fields`. */
interface Lists {
  combined(name: string): string | undefined
}

/**
 * Whether a list has a token, compared case-insensitively: Connection and Upgrade (RFC 9110 §7.6.1, §7.8). All fields of
 * the name count as one list; a list that is not of the grammar has no tokens.
 */
export const hasToken = (fields: Lists, name: string, token: string): boolean => {
  const value = fields.combined(name) ?? ""
  const lower = token.toLowerCase()
  // Most lists are the token alone.
  if (value.toLowerCase() === lower) return isProtocol(lower)
  const list = elements(value)
  return list.every(isProtocol) && list.some((element) => element.toLowerCase() === lower)
}
