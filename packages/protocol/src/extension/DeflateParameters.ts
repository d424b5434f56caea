/**
 * The four parameters of permessage-deflate (RFC 7692 §7.1) as they stand in an offer or in an answer.
 *
 * One element of Sec-WebSocket-Extensions comes in, a record goes out, and back. Only the form is judged here, the
 * same for both directions; whether an answer suits an offer is in PerMessageDeflate.
 *
 * @example
 * ```ts
 * import * as ExtensionList from "@effect-websocket/protocol/extension/ExtensionList"
 * import * as DeflateParameters from "@effect-websocket/protocol/extension/DeflateParameters"
 *
 * const [offer] = ExtensionList.parse("permessage-deflate; server_max_window_bits=12") ?? []
 * const parameters = offer && DeflateParameters.parse(offer.parameters)
 * ```
 *
 * @example
 * ```ts
 * import * as DeflateParameters from "@effect-websocket/protocol/extension/DeflateParameters"
 * import * as ExtensionList from "@effect-websocket/protocol/extension/ExtensionList"
 *
 * const [offer] = ExtensionList.parse("permessage-deflate; server_no_context_takeover") ?? []
 * const parameters = offer && DeflateParameters.parse(offer.parameters)
 * if (parameters !== undefined) DeflateParameters.format(parameters) // the same, for a field
 * ```
 */
import type { Extension, ExtensionParameter } from "./ExtensionList.js"

/** The parameters as they are written (RFC 7692 §7.1). */
export interface DeflateParameters {
  /** §7.1.1.1: the server uses each message's own window. */
  readonly serverNoContextTakeover: boolean
  /** §7.1.1.2: the client does. */
  readonly clientNoContextTakeover: boolean
  /** §7.1.2.1: base-2 logarithm of the server's window, 8–15; undefined: not written. */
  readonly serverMaxWindowBits: number | undefined
  /** §7.1.2.2: that of the client's window; true: written without a value, which only an offer may do. */
  readonly clientMaxWindowBits: number | true | undefined
}

/** The name in the registry (RFC 7692 §9). */
export const extensionName = "permessage-deflate"

/** The window of a side whose window bits are not written (RFC 7692 §7.1.2). */
export const defaultWindowBits = 15

const none: DeflateParameters = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: undefined,
  clientMaxWindowBits: undefined
}

/** §7.1.2: a decimal number from 8 to 15 without leading zeros; compared as text, never coerced. */
const parseBits = (value: string): number | undefined => {
  const index = ["8", "9", "10", "11", "12", "13", "14", "15"].indexOf(value)
  return index < 0 ? undefined : index + 8
}

/** What one parameter says, or undefined when its name is unknown or its value is not of the name's form. */
const parseParameter = ({ name, value }: ExtensionParameter): Partial<DeflateParameters> | undefined => {
  const bits = value === undefined ? undefined : parseBits(value)
  switch (name.toLowerCase()) {
    case "server_no_context_takeover":
      return value === undefined ? { serverNoContextTakeover: true } : undefined
    case "client_no_context_takeover":
      return value === undefined ? { clientNoContextTakeover: true } : undefined
    case "server_max_window_bits":
      return bits === undefined ? undefined : { serverMaxWindowBits: bits }
    case "client_max_window_bits":
      return value !== undefined && bits === undefined ? undefined : { clientMaxWindowBits: bits ?? true }
    default:
      return undefined
  }
}

/** §7.1: undefined for an unknown name, a name that stands twice, or a value that is missing, superfluous or invalid. */
export const parse = (parameters: ReadonlyArray<ExtensionParameter>): DeflateParameters | undefined => {
  const names = new Set<string>()
  let parsed = none
  for (const parameter of parameters) {
    const said = parseParameter(parameter)
    if (said === undefined || names.has(parameter.name.toLowerCase())) return undefined
    names.add(parameter.name.toLowerCase())
    parsed = { ...parsed, ...said }
  }
  return parsed
}

const flag = (name: string, on: boolean): ReadonlyArray<ExtensionParameter> => (on ? [{ name, value: undefined }] : [])

const windowBits = (name: string, bits: number | true | undefined): ReadonlyArray<ExtensionParameter> =>
  bits === undefined ? [] : [{ name, value: bits === true ? undefined : String(bits) }]

/**
 * The element of the field that says this. Boost.Beast loses a parameter without a value when a further element follows:
 * so the one that always has a value is the last.
 */
export const format = (parameters: DeflateParameters): Extension => ({
  name: extensionName,
  parameters: [
    ...flag("server_no_context_takeover", parameters.serverNoContextTakeover),
    ...flag("client_no_context_takeover", parameters.clientNoContextTakeover),
    ...windowBits("client_max_window_bits", parameters.clientMaxWindowBits),
    ...windowBits("server_max_window_bits", parameters.serverMaxWindowBits)
  ]
})
