/**
 * Every limit and deadline, in one record, with its default and the reason for it.
 *
 * The defaults depend on the role. `Limits` is ambient: an application provides other values for all its connections by a
 * layer, or for one connection by the option `limits`; what is out of range is an `OptionError` before anything is sent.
 */
import type { Role } from "@effect-websocket/protocol/bytes/Role"
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { inContext } from "./host/Surroundings.js"
import { OptionError } from "./WebSocketError.js"

/** Sizes are in octets, deadlines are totals. */
export interface LimitOptions {
  /** Octets of an HTTP head, start line included. 16 KiB, as Node.js has it. */
  readonly maxHeadSize?: number | undefined
  /** Field lines of an HTTP head. 100. */
  readonly maxFields?: number | undefined
  /** Octets of a request target. 8 KiB (RFC 9112 §3 recommends at least 8000). */
  readonly maxTargetSize?: number | undefined
  /** Octets of a refusal's body which a client keeps for the error. 64 KiB. */
  readonly maxRefusalBody?: number | undefined
  /** Octets of the body of an ordinary HTTP request; longer ones are answered with 413. 64 KiB. */
  readonly maxRequestBody?: number | undefined
  /** Interim responses (1xx) a client skips before it gives up. 8. */
  readonly maxInterimResponses?: number | undefined
  /** Octets of a message. 16 MiB, as Beast has it. */
  readonly maxMessageSize?: number | undefined
  /** Octets of a frame's payload. 16 MiB. */
  readonly maxFrameSize?: number | undefined
  /** Frames of one message, empty ones counted. 65 536: 4 MiB in fragments of 64 octets; none of them costs memory of its own. */
  readonly maxFragments?: number | undefined
  /** Octets of messages which are read ahead of the application; then reading stops. 64 KiB. */
  readonly readAhead?: number | undefined
  /** Octets waiting to be sent above which `send` waits. 64 KiB. */
  readonly highWaterMark?: number | undefined
  /**
   * Longer messages are sent in fragments of this size, so that control frames get in between, and the event loop can turn: a
   * frame is made in one go, which takes about 1 ms per MiB. Long compressed messages have fragments of at most 64 KiB. 64 KiB.
   */
  readonly fragmentSize?: number | undefined
  /** Pings which may wait for their pong at a time. 16. */
  readonly maxPings?: number | undefined
  /** From the begin of connecting, or accepting, until the end of the opening handshake. 30 s. */
  readonly handshakeTimeout?: Duration.DurationInput | undefined
  /** From our Close frame until the peer's, and again until the connection has ended. 10 s. */
  readonly closeTimeout?: Duration.DurationInput | undefined
  /**
   * Silence behind an answer to an ordinary HTTP request, or a refusal, on a connection that is kept open. 75 s: proxies in front
   * give up theirs after 60 s, and should be the ones to do so.
   */
  readonly httpIdleTimeout?: Duration.DurationInput | undefined
  /** Silence after which the connection is given up. Server 300 s, client never. */
  readonly idleTimeout?: Duration.DurationInput | undefined
  /** Whether a Ping is sent after half of `idleTimeout`, so that only a dead peer is silent for the whole. Server true, client false. */
  readonly keepAlive?: boolean | undefined
  /** From the first octet of a message until its last; also until a large answer to an HTTP request is taken. Server 300 s, client never. */
  readonly messageTimeout?: Duration.DurationInput | undefined
}

/** What may be changed while a connection is open. */
export type OpenLimitOptions = Pick<
  LimitOptions,
  | "maxMessageSize"
  | "maxFrameSize"
  | "maxFragments"
  | "readAhead"
  | "highWaterMark"
  | "fragmentSize"
  | "closeTimeout"
  | "idleTimeout"
  | "keepAlive"
  | "messageTimeout"
>

/** The limits in force: all present, durations in milliseconds. */
export type LimitValues = {
  readonly [K in keyof LimitOptions]-?: K extends `${string}Timeout` ? number : NonNullable<LimitOptions[K]>
}

const shared = {
  maxHeadSize: 16 * 1024,
  maxFields: 100,
  maxTargetSize: 8 * 1024,
  maxRefusalBody: 64 * 1024,
  maxRequestBody: 64 * 1024,
  maxInterimResponses: 8,
  maxMessageSize: 16 * 1024 * 1024,
  maxFrameSize: 16 * 1024 * 1024,
  maxFragments: 65_536,
  readAhead: 64 * 1024,
  highWaterMark: 64 * 1024,
  fragmentSize: 64 * 1024,
  maxPings: 16,
  handshakeTimeout: 30_000,
  closeTimeout: 10_000,
  httpIdleTimeout: 75_000
}

const defaults: Readonly<Record<Role, LimitValues>> = {
  client: { ...shared, idleTimeout: Infinity, keepAlive: false, messageTimeout: Infinity },
  server: { ...shared, idleTimeout: 300_000, keepAlive: true, messageTimeout: 300_000 }
}

/** The limits of a role when nothing else is said (Beast: `timeout::suggested`). */
export const defaultsOf = (role: Role): LimitValues => defaults[role]

/**
 * What an application changes for all its connections; empty unless provided.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Limits, WebSocket } from "effect-websocket"
 *
 * // One program with shorter deadlines than the rest of the application.
 * const impatient = Effect.provideService(WebSocket.connect("wss://example.com/"), Limits.Limits, {
 *   handshakeTimeout: "2 seconds"
 * })
 * ```
 */
export class Limits extends Context.Reference<Limits>()("effect-websocket/Limits", {
  defaultValue: (): LimitOptions => ({})
}) {}

/** Other limits for all connections made with this layer. */
export const layer = (options: LimitOptions): Layer.Layer<never> => Layer.succeed(Limits, options)

/** The smallest value that makes sense, where it is not 1. */
const least = new Map<string, number>([
  ["maxHeadSize", 256],
  ["maxTargetSize", 16],
  ["maxRefusalBody", 0],
  ["maxRequestBody", 0],
  ["maxInterimResponses", 0],
  ["fragmentSize", 8],
  ["readAhead", 0],
  ["highWaterMark", 0]
])

const size = (option: string, value: unknown): number | OptionError => {
  const min = least.get(option) ?? 1
  return value === Infinity || (Number.isSafeInteger(value) && (value as number) >= min)
    ? (value as number)
    : new OptionError({ option: `limits.${option}`, rule: `an integer of at least ${min}, or Infinity` })
}

const deadline = (option: string, value: Duration.DurationInput): number | OptionError => {
  const millis = Duration.toMillis(value)
  return millis > 0 ? millis : new OptionError({ option: `limits.${option}`, rule: "a duration longer than nothing" })
}

const checked = (option: string, value: unknown): number | boolean | OptionError => {
  if (option === "keepAlive") return value === true
  return option.endsWith("Timeout") ? deadline(option, value as Duration.DurationInput) : size(option, value)
}

/** The limits with some of them changed; the same when none is. */
const changed = (limits: LimitValues, options: LimitOptions): LimitValues | OptionError => {
  let values: Record<string, unknown> | undefined
  for (const option in options) {
    const value = options[option as keyof LimitOptions]
    if (value === undefined || !Object.hasOwn(limits, option)) continue
    const result = checked(option, value)
    if (result instanceof OptionError) return result
    values ??= { ...limits }
    values[option] = result
  }
  return (values as LimitValues | undefined) ?? limits
}

const valid = (limits: LimitValues | OptionError): Effect.Effect<LimitValues, OptionError> =>
  limits instanceof OptionError ? Effect.fail(limits) : Effect.succeed(limits)

/** The limits with some of them changed; what is out of range is an `OptionError`. */
export const change = (limits: LimitValues, options: LimitOptions): Effect.Effect<LimitValues, OptionError> =>
  valid(changed(limits, options))

/**
 * The limits in force for a connection: the defaults of its role, changed by the ambient ones, changed by its own.
 *
 * @example
 * ```ts
 * import { Context, Effect } from "effect"
 * import { Limits } from "effect-websocket"
 *
 * const limits = Effect.gen(function* () {
 *   const ofServers = yield* Limits.resolve("server", { maxMessageSize: 64 * 1024 })
 *   console.log(ofServers.maxMessageSize, Limits.defaultsOf("server").maxMessageSize) // 65536, 16777216
 *   return yield* Limits.change(ofServers, { idleTimeout: "1 minute" })
 * })
 * // Without a fiber: those of a context, or what is wrong with them.
 * const ofClients = Limits.resolveIn(Context.empty(), "client")
 * ```
 */
export const resolveIn = (
  context: Context.Context<never>,
  role: Role,
  own: LimitOptions = {}
): LimitValues | OptionError => {
  const limits = changed(defaults[role], Context.get(context, Limits))
  return limits instanceof OptionError ? limits : changed(limits, own)
}

/** As `resolveIn`, in the context of the fiber. */
export const resolve = (role: Role, own?: LimitOptions): Effect.Effect<LimitValues, OptionError> =>
  inContext(({ context }) => valid(resolveIn(context, role, own)))

/**
 * `layer` with limits from the configuration. What is out of range is an `OptionError` when the layer is built, not only when
 * there is a connection.
 *
 * @example
 * ```ts
 * import { Config } from "effect"
 * import { Limits } from "effect-websocket"
 *
 * export const limits = Limits.layerConfig({
 *   maxMessageSize: Config.withDefault(Config.integer("MAX_MESSAGE_SIZE"), 64 * 1024),
 *   idleTimeout: Config.withDefault(Config.duration("IDLE_TIMEOUT"), "2 minutes")
 * })
 * ```
 */
export const layerConfig = (
  options: Config.Config.Wrap<LimitOptions>
): Layer.Layer<never, ConfigError.ConfigError | OptionError> =>
  Layer.unwrapEffect(
    Effect.flatMap(Config.unwrap(options), (limits) => Effect.as(change(defaults.server, limits), layer(limits)))
  )
