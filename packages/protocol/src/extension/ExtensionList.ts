/**
 * The value of Sec-WebSocket-Extensions (RFC 6455 §9.1): octets of the field in, a list of extensions out, and back.
 *
 * One pass over the characters, without regular expressions; a syntax error gives undefined. Knows no extension by
 * name: what the parameters mean is the business of each extension.
 *
 * @example
 * ```ts
 * import * as ExtensionList from "@effect-websocket/protocol/extension/ExtensionList"
 *
 * const list = ExtensionList.parse("permessage-deflate; client_max_window_bits, x-other")
 * if (list !== undefined) ExtensionList.format(list)
 * ```
 */
import { isToken } from "../http/Grammar.js"

/** A parameter of an extension (RFC 6455 §9.1). */
export interface ExtensionParameter {
  readonly name: string
  /** A token, quotes and escapes taken off; undefined: written without a value. */
  readonly value: string | undefined
}

/** An extension that is offered, or agreed on. */
export interface Extension {
  readonly name: string
  /** In the order of the wire; a name may stand twice. */
  readonly parameters: ReadonlyArray<ExtensionParameter>
}

const delimiters = ' \t,;="'

/** Reads the pieces of the grammar from the left; each read skips the white space before it (RFC 9110 §5.6.3). */
class Scanner {
  private at = 0

  constructor(private readonly text: string) {}

  private skipSpace(): void {
    while (this.text[this.at] === " " || this.text[this.at] === "\t") this.at++
  }

  isDone(): boolean {
    this.skipSpace()
    return this.at === this.text.length
  }

  take(char: string): boolean {
    this.skipSpace()
    if (this.text[this.at] !== char) return false
    this.at++
    return true
  }

  token(): string | undefined {
    this.skipSpace()
    const start = this.at
    while (this.at < this.text.length && !delimiters.includes(this.text.charAt(this.at))) this.at++
    const token = this.text.slice(start, this.at)
    return isToken(token) ? token : undefined
  }

  /** The rest of a quoted string whose opening quote is taken. */
  quotedToken(): string | undefined {
    let token = ""
    while (this.at < this.text.length) {
      let char = this.text.charAt(this.at++)
      // §9.1: when quoted, the value after unescaping must conform to "token".
      if (char === '"') return isToken(token) ? token : undefined
      if (char === "\\") char = this.text.charAt(this.at++)
      token += char
    }
    return undefined
  }
}

/** extension-param = token [ "=" (token | quoted-string) ] */
const readParameter = (scanner: Scanner): ExtensionParameter | undefined => {
  const name = scanner.token()
  if (name === undefined) return undefined
  if (!scanner.take("=")) return { name, value: undefined }
  const value = scanner.take('"') ? scanner.quotedToken() : scanner.token()
  return value === undefined ? undefined : { name, value }
}

/** extension = extension-token *( ";" extension-param ) */
const readExtension = (scanner: Scanner): Extension | undefined => {
  const name = scanner.token()
  if (name === undefined) return undefined
  const parameters: Array<ExtensionParameter> = []
  while (scanner.take(";")) {
    const parameter = readParameter(scanner)
    if (parameter === undefined) return undefined
    parameters.push(parameter)
  }
  return { name, parameters }
}

/** extension-list = 1#extension. The extensions in their order; undefined when the value is not such a list. */
export const parse = (value: string): ReadonlyArray<Extension> | undefined => {
  const scanner = new Scanner(value)
  const list: Array<Extension> = []
  while (!scanner.isDone()) {
    // RFC 9110 §5.6.1.2: a recipient ignores empty elements.
    if (scanner.take(",")) continue
    const extension = readExtension(scanner)
    if (extension === undefined || !(scanner.isDone() || scanner.take(","))) return undefined
    list.push(extension)
  }
  return list.length === 0 ? undefined : list
}

const formatParameter = ({ name, value }: ExtensionParameter): string =>
  value === undefined ? `; ${name}` : `; ${name}=${value}`

/** The field value of a list; "" for an empty one. Names and values must be tokens. */
export const format = (list: Iterable<Extension>): string =>
  Array.from(list, ({ name, parameters }) => name + parameters.map(formatParameter).join("")).join(", ")
