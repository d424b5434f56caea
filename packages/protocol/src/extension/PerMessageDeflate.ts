/**
 * Negotiation of permessage-deflate (RFC 7692 §5, §7.1): settings and the peer's list come in, what is agreed goes out.
 *
 * Rules only: no compressor, no frame. A server declines what it cannot meet and the connection opens without the
 * extension; a client fails when an answer does not suit any of its offers.
 *
 * @example
 * ```ts
 * import * as PerMessageDeflate from "@effect-websocket/protocol/extension/PerMessageDeflate"
 *
 * const settings = {
 *   serverNoContextTakeover: false,
 *   clientNoContextTakeover: false,
 *   serverMaxWindowBits: 12,
 *   clientMaxWindowBits: 12
 * }
 * const answered = PerMessageDeflate.answer(PerMessageDeflate.offers(settings), { ...settings, limitsClientWindow: false })
 * ```
 *
 * @example
 * ```ts
 * import * as ExtensionList from "@effect-websocket/protocol/extension/ExtensionList"
 * import * as PerMessageDeflate from "@effect-websocket/protocol/extension/PerMessageDeflate"
 *
 * // A client: what it offers, and what the answer comes to; undefined: the answer suits no offer.
 * const settings = { serverNoContextTakeover: true, clientNoContextTakeover: true, serverMaxWindowBits: 12, clientMaxWindowBits: 12 }
 * const offers = [PerMessageDeflate.offer(settings)]
 * const [answered] = (ExtensionList.parse("permessage-deflate; server_no_context_takeover; server_max_window_bits=12") ?? []).filter(PerMessageDeflate.isDeflate)
 * const verified = answered && PerMessageDeflate.verifyAnswer(offers, answered)
 * const agreed = answered && PerMessageDeflate.agree(offers, answered) // the same, where the answer is our own
 * ```
 */
import * as DeflateParameters from "./DeflateParameters.js"
import type { Extension } from "./ExtensionList.js"

/** What one side wants; the window bits are upper limits, 9–15. */
export interface DeflateSettings {
  readonly serverNoContextTakeover: boolean
  readonly clientNoContextTakeover: boolean
  readonly serverMaxWindowBits: number
  readonly clientMaxWindowBits: number
}

/** What both sides keep to. Window bits are 8–15: logarithms of the windows with which server and client compress. */
export type AgreedDeflate = DeflateSettings

/** The answer of a server and what it means. */
export interface DeflateAnswer {
  readonly extension: Extension
  readonly agreed: AgreedDeflate
}

/** zlib does not write raw deflate data with a window of 256 octets: its `deflateInit2` refuses 8. */
const smallestWindowBits = 9

/** Whether the extension is permessage-deflate. */
export const isDeflate = (extension: Extension): boolean =>
  extension.name.toLowerCase() === DeflateParameters.extensionName

const unlessDefault = (bits: number): number | undefined =>
  bits === DeflateParameters.defaultWindowBits ? undefined : bits

/**
 * §7.1: the offer of a client. Parameters at their default are left out, since some servers decline them, but
 * `client_max_window_bits` always stands: without it a server may not limit the client's window (§7.1.2.2).
 */
export const offer = (settings: DeflateSettings): Extension =>
  DeflateParameters.format({
    ...settings,
    serverMaxWindowBits: unlessDefault(settings.serverMaxWindowBits),
    clientMaxWindowBits: unlessDefault(settings.clientMaxWindowBits) ?? true
  })

/** The offers of a client: the one it wants, and one for servers which do not know `server_max_window_bits` and would decline. */
export const offers = (settings: DeflateSettings): ReadonlyArray<Extension> => {
  const wanted = offer(settings)
  const { defaultWindowBits } = DeflateParameters
  if (settings.serverMaxWindowBits === defaultWindowBits) return [wanted]
  return [wanted, offer({ ...settings, serverMaxWindowBits: defaultWindowBits })]
}

/** The client's window that the answer shows: a wish must be met, and a limit of ours must have been asked for. */
const answerClientBits = (offered: number | true | undefined, limit: number): number | undefined =>
  typeof offered === "number" ? Math.min(offered, limit) : unlessDefault(limit)

/** What a server wants. */
export interface AnswerSettings extends DeflateSettings {
  /** Whether a client whose window it may not limit (§7.1.2.2) is declined; else that one has the largest. true. */
  readonly limitsClientWindow?: boolean | undefined
}

/** The answer to one offer, or undefined when it cannot be met. */
const answerOne = (extension: Extension, settings: AnswerSettings): DeflateAnswer | undefined => {
  const offered = DeflateParameters.parse(extension.parameters)
  if (offered === undefined) return undefined
  const serverBits = Math.min(
    offered.serverMaxWindowBits ?? DeflateParameters.defaultWindowBits,
    settings.serverMaxWindowBits
  )
  if (serverBits < smallestWindowBits) return undefined
  // §7.1.2.2: an answer has client_max_window_bits only if the offer has it.
  const mayLimit = offered.clientMaxWindowBits !== undefined || settings.limitsClientWindow !== false
  const clientBits = mayLimit ? answerClientBits(offered.clientMaxWindowBits, settings.clientMaxWindowBits) : undefined
  if (clientBits !== undefined && offered.clientMaxWindowBits === undefined) return undefined
  const answered: DeflateParameters.DeflateParameters = {
    serverNoContextTakeover: offered.serverNoContextTakeover || settings.serverNoContextTakeover,
    clientNoContextTakeover: offered.clientNoContextTakeover || settings.clientNoContextTakeover,
    // §7.1.2.1: an offered server_max_window_bits is accepted by showing it, also where it is the default.
    serverMaxWindowBits: offered.serverMaxWindowBits === undefined ? unlessDefault(serverBits) : serverBits,
    clientMaxWindowBits: clientBits
  }
  return { extension: DeflateParameters.format(answered), agreed: agreedBy(offered, answered) }
}

/** §5.1: a server takes the first offer that it can meet. undefined: it declines. */
export const answer = (offers: ReadonlyArray<Extension>, settings: AnswerSettings): DeflateAnswer | undefined => {
  for (const extension of offers) {
    const answered = isDeflate(extension) ? answerOne(extension, settings) : undefined
    if (answered !== undefined) return answered
  }
  return undefined
}

const bitsOf = (bits: number | true | undefined): number =>
  typeof bits === "number" ? bits : DeflateParameters.defaultWindowBits

const agreedBy = (
  offered: DeflateParameters.DeflateParameters,
  answered: DeflateParameters.DeflateParameters
): AgreedDeflate => ({
  serverNoContextTakeover: answered.serverNoContextTakeover,
  // §7.1.1.2: a client which offered it keeps to it, also when the answer does not repeat it.
  clientNoContextTakeover: offered.clientNoContextTakeover || answered.clientNoContextTakeover,
  serverMaxWindowBits: bitsOf(answered.serverMaxWindowBits),
  // §7.1.2.2: the value of the offer binds the client even if the answer allows more.
  clientMaxWindowBits: Math.min(bitsOf(offered.clientMaxWindowBits), bitsOf(answered.clientMaxWindowBits))
})

/** Does the answer suit the offer? */
const suits = (offered: DeflateParameters.DeflateParameters, answered: DeflateParameters.DeflateParameters): boolean =>
  // §7.1.1.1: a server that accepts server_no_context_takeover says so.
  (answered.serverNoContextTakeover || !offered.serverNoContextTakeover) &&
  // §7.1.2.1: the same or a smaller window than offered.
  bitsOf(answered.serverMaxWindowBits) <= bitsOf(offered.serverMaxWindowBits) &&
  // §7.1.2.2: only where it was offered, and always with a value.
  answered.clientMaxWindowBits !== true &&
  (answered.clientMaxWindowBits === undefined || offered.clientMaxWindowBits !== undefined)

/** What an answer agrees on: measured by the first of the offers which it suits; undefined when there is none. */
export const agree = (offers: ReadonlyArray<Extension>, answered: Extension): AgreedDeflate | undefined => {
  const answer = isDeflate(answered) ? DeflateParameters.parse(answered.parameters) : undefined
  if (answer === undefined) return undefined
  for (const extension of offers) {
    const offered = isDeflate(extension) ? DeflateParameters.parse(extension.parameters) : undefined
    if (offered !== undefined && suits(offered, answer)) return agreedBy(offered, answer)
  }
  return undefined
}

/** The client's check of an answer: as `agree`, but a window which is too small to compress with is refused. */
export const verifyAnswer = (offers: ReadonlyArray<Extension>, answered: Extension): AgreedDeflate | undefined => {
  const agreed = agree(offers, answered)
  // Stricter: the answer may be 8, but then what we send could not be inflated.
  return agreed === undefined || agreed.clientMaxWindowBits < smallestWindowBits ? undefined : agreed
}
