/**
 * The compressor and decompressor of permessage-deflate (RFC 7692 §7.2) as a service: payload in, payload out.
 *
 * What is opened belongs to one connection, is synchronous, and holds nothing before the first compressed message. Messages
 * go through in slices, so that the event loop can turn between them. Negotiation, RSV1 and frames are not here.
 *
 * @example
 * ```ts
 * import { NodeCompression } from "@effect-websocket/node"
 * import { Effect } from "effect"
 * import { WebSocket } from "effect-websocket"
 *
 * const compressed = Effect.provide(
 *   WebSocket.connect("wss://example.com/", { compression: { level: 1, threshold: 1024 } }),
 *   NodeCompression.layer
 * )
 * ```
 *
 * @example
 * ```ts
 * import { Effect, Layer } from "effect"
 * import { Compression } from "effect-websocket"
 *
 * // One's own engine, for instance over WebAssembly: `incoming` and `outgoing` say what was agreed for which side.
 * const layer = (openEngine: Compression.CompressionService["open"]) =>
 *   Layer.succeed(Compression.Compression, {
 *     open: (agreed, role, settings, sink) => {
 *       const { windowBits } = Compression.outgoing(agreed, role)
 *       if (Compression.incoming(agreed, role).windowBits < windowBits) console.log("we compress more than we read")
 *       return openEngine(agreed, role, settings, sink)
 *     }
 *   })
 *
 * // What options come to: `Compression.defaults`, changed; `chosen` asks for the service too.
 * const settings = Effect.zip(Compression.resolve({ level: 1 }), Compression.chosen(true))
 * console.log(Compression.defaults.threshold)
 * ```
 */
import type { Role } from "@effect-websocket/protocol/bytes/Role"
import type { AgreedDeflate, AnswerSettings } from "@effect-websocket/protocol/extension/PerMessageDeflate"
import type { ProtocolViolation } from "@effect-websocket/protocol/frame/ProtocolViolation"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { here } from "./host/Surroundings.js"
import { OptionError } from "./WebSocketError.js"
import { atOnce, Direct } from "./waiting/Direct.js"
import { andThen, type OrEffect } from "./waiting/orEffect.js"

/** What is asked for in the handshake, and how messages are compressed. */
export interface CompressionOptions {
  /** The server compresses each message on its own (RFC 7692 §7.1.1.1). false. */
  readonly serverNoContextTakeover?: boolean | undefined
  /** The client does (§7.1.1.2). false. */
  readonly clientNoContextTakeover?: boolean | undefined
  /**
   * The largest window of the server, as a base-2 logarithm, 9–15 (§7.1.2.1). 12. For a client a wish: a server that does not
   * know the parameter may use 15.
   */
  readonly serverMaxWindowBits?: number | undefined
  /**
   * The largest window of the client, likewise (§7.1.2.2). 12, but a server lets clients have 15 which do not offer the parameter,
   * and may therefore not be limited; when a smaller number is given, it declines them.
   */
  readonly clientMaxWindowBits?: number | undefined
  /** How hard zlib tries, 0 (stores only) to 9. 6. */
  readonly level?: number | undefined
  /** Memory of zlib for it, 1–9. 5. */
  readonly memLevel?: number | undefined
  /** Octets of the shortest message that is compressed. 128. */
  readonly threshold?: number | undefined
}

/** What a compressor is made with. */
export interface EngineSettings {
  readonly level: number
  readonly memLevel: number
}

/** All options, present and in range. */
export interface CompressionSettings extends AnswerSettings, EngineSettings {
  readonly threshold: number
}

/**
 * Measured on 2026-11-24, Node.js 20.20, JSON messages, context takeover; 15/8/6 is the default of zlib. CPU per message:
 *
 * | window bits / memLevel / level | 1 KiB becomes | in | 16 KiB becomes | in | memory of a compressor |
 * |---|---|---|---|---|---|
 * | 15 / 8 / 6 | 21.0 % | 27 µs | 18.2 % | 339 µs | 230 KB |
 * | 12 / 5 / 6 | 22.5 % | 15 µs | 19.9 % | 178 µs | 101 KB |
 * | 12 / 5 / 1 | 28.6 % | 11 µs | 25.9 % | 102 µs | 101 KB |
 * | 10 / 3 / 6 | 29.4 % | 17 µs | 27.4 % | 221 µs | 77 KB |
 *
 * What a decompressor remembers of a connection is its window: 4 KiB instead of 32. Below 128 octets the gain is small (4 µs
 * for 86 octets of 128), and without context takeover none (128 octets become 112, and 64 become 65).
 */
export const defaults: CompressionSettings = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 12,
  clientMaxWindowBits: 12,
  limitsClientWindow: false,
  level: 6,
  memLevel: 5,
  threshold: 128
}

/** The smallest and the largest value of each number. zlib has no window of 8 bits for raw DEFLATE data. */
const ranges = new Map<string, readonly [min: number, max: number]>([
  ["serverMaxWindowBits", [9, 15]],
  ["clientMaxWindowBits", [9, 15]],
  ["level", [0, 9]],
  ["memLevel", [1, 9]],
  ["threshold", [0, Infinity]]
])

const check = (option: string, value: unknown): OptionError | undefined => {
  const broken = (rule: string) => new OptionError({ option: `compression.${option}`, rule })
  const range = ranges.get(option)
  if (range === undefined) return typeof value === "boolean" ? undefined : broken("a boolean")
  const [min, max] = range
  const isInteger = Number.isSafeInteger(value) || (value === Infinity && max === Infinity)
  if (isInteger && (value as number) >= min && (value as number) <= max) return undefined
  return broken(max === Infinity ? `an integer of at least ${min}, or Infinity` : `an integer from ${min} to ${max}`)
}

/** The defaults, changed by the options; what is out of range is an `OptionError`. */
export const resolve = (options: CompressionOptions = {}): Effect.Effect<CompressionSettings, OptionError> =>
  new Direct(() => {
    const settings = { ...defaults, limitsClientWindow: options.clientMaxWindowBits !== undefined }
    for (const [option, value] of Object.entries(options)) {
      if (value === undefined || !Object.hasOwn(defaults, option) || option === "limitsClientWindow") continue
      const error = check(option, value)
      if (error !== undefined) return Effect.fail(error)
      Object.assign(settings, { [option]: value })
    }
    return settings
  })

/** Whether permessage-deflate is wanted, and how: `true` is with the defaults. */
export type CompressionChoice = boolean | CompressionOptions

const noService = new OptionError({
  option: "compression",
  rule: "the service Compression is provided, for instance by NodeCompression.layer"
})

/** How it is wanted, and by whom it is done. */
export interface ChosenCompression extends CompressionSettings, CompressionService {}

/** What was chosen; `undefined`: it is not wanted. Without the service it cannot be: an `OptionError`. */
export const chosen = (choice: CompressionChoice = false): Effect.Effect<ChosenCompression | undefined, OptionError> =>
  new Direct((): OrEffect<ChosenCompression | undefined, OptionError> => {
    if (choice === false) return undefined
    const service = Context.getOption(here<never>().context, Compression)
    if (Option.isNone(service)) return Effect.fail(noService)
    const settings = atOnce(resolve(choice === true ? {} : choice))
    return andThen(settings, (settings) => ({ ...settings, ...service.value }))
  })

/** How one side of a connection compresses. */
export interface Direction {
  /** Base-2 logarithm of the window, 8–15. */
  readonly windowBits: number
  /** A message may refer to those before it. */
  readonly contextTakeover: boolean
}

const ofServer = (agreed: AgreedDeflate): Direction => ({
  windowBits: agreed.serverMaxWindowBits,
  contextTakeover: !agreed.serverNoContextTakeover
})

const ofClient = (agreed: AgreedDeflate): Direction => ({
  windowBits: agreed.clientMaxWindowBits,
  contextTakeover: !agreed.clientNoContextTakeover
})

/** How we compress. */
export const outgoing = (agreed: AgreedDeflate, role: Role): Direction =>
  role === "server" ? ofServer(agreed) : ofClient(agreed)

/** How the peer compresses. */
export const incoming = (agreed: AgreedDeflate, role: Role): Direction =>
  role === "server" ? ofClient(agreed) : ofServer(agreed)

/**
 * What comes after a part of a message: `more` of it, and octets may be held back until then; more, but what there is can be
 * inflated now (`flush`); nothing, it is the `end`.
 */
export type DeflateStep = "more" | "flush" | "end"

/** Compresses the messages of one connection. */
export interface Deflater {
  /**
   * A whole message (`end`), or the next part of one: the octets to be sent for it, perhaps none before the end. They are
   * lent until any deflater is called again. It takes about 11 µs per KiB: a part of 64 KiB keeps the event loop for 0.7 ms.
   */
  readonly deflate: (octets: Uint8Array, step: DeflateStep) => Uint8Array
  /**
   * Between messages: the next one refers to none before it. Called when the peer was sent a compressed message that did not
   * come from here, so that its window and ours differ (RFC 7692 §7.2.3.2).
   */
  readonly reset: () => void
}

/** Who is given what was inflated. */
export interface InflateSink {
  /** How many octets the message may still grow, or Infinity: at most one more than that is inflated. Asked for each piece. */
  readonly room: () => number
  /** A piece of the message, at least one octet; lent for the call. What is returned stops the inflater for good. */
  readonly onOctets: (octets: Uint8Array, start: number, end: number) => ProtocolViolation | undefined
}

/**
 * Inflates the messages of one connection. Octets that are broken, cut, or followed by something else are the violation
 * `BadDeflate`. After a violation, its own or one of the sink, everything is ignored.
 *
 * What is inflated before it `isPaused` is bounded, of many messages as of one (which may become a thousand times larger than
 * its payload): then the event loop should turn. What `push` has not inflated yet was copied, and nothing but `resume` may be
 * called until it is not paused any more.
 */
export interface Inflater {
  /** Enough was inflated: looked at behind `push` and `resume`. */
  readonly isPaused: boolean
  /** The next octets of a message's payload, lent for the call. */
  readonly push: (octets: Uint8Array, start: number, end: number) => ProtocolViolation | undefined
  /** Goes on where it was paused. */
  readonly resume: () => ProtocolViolation | undefined
  /** The payload of the message has come to its end. All of it has been given to the sink when this returns. */
  readonly end: () => ProtocolViolation | undefined
}

/** Both directions of one connection. */
export interface Engine {
  readonly deflater: Deflater
  readonly inflater: Inflater
  /** Gives back what is held. Idempotent; afterwards the inflater ignores everything, and the deflater must not be called. */
  readonly close: () => void
}

/** Opens engines, one for each connection. */
export interface CompressionService {
  readonly open: (agreed: AgreedDeflate, role: Role, settings: EngineSettings, sink: InflateSink) => Engine
}

/** DEFLATE (RFC 1951), as the host has it. */
export class Compression extends Context.Tag("effect-websocket/Compression")<Compression, CompressionService>() {}
