/**
 * `effect-ws ping`: the time between a Ping and its Pong (RFC 6455 §5.5.2), again and again.
 */
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { WebSocket } from "effect-websocket/WebSocket"
import { clientLayer, clientOptions, connect, duration, uri } from "./ClientOptions.js"
import { PingsLost } from "./ExitCode.js"
import * as Statistics from "./Statistics.js"
import { note, print } from "./Streams.js"

const pingOptions = {
  count: Options.integer("count").pipe(
    Options.withAlias("c"),
    Options.filterMap((count) => (count > 0 ? Option.some(count) : Option.none()), "--count is at least 1"),
    Options.withDefault(4),
    Options.withDescription("How many Pings, 4")
  ),
  interval: duration("interval").pipe(
    Options.withAlias("i"),
    Options.withDefault(Duration.seconds(1)),
    Options.withDescription("The time from one to the next, 1 second")
  ),
  answerWithin: duration("answer-within").pipe(
    Options.withDefault(Duration.seconds(5)),
    Options.withDescription("How long a Pong is waited for, 5 seconds")
  )
}

/** The round trip in milliseconds, if there was one. */
const once = (ws: WebSocket, number: number, within: Duration.Duration) =>
  Effect.gen(function* () {
    const time = yield* Effect.timeoutOption(ws.ping(), within)
    const millis = Option.map(time, Duration.toMillis)
    yield* Option.match(millis, {
      onNone: () => note(`${number}: no Pong within ${Duration.format(within)}`),
      onSome: (time) => print(`${number}: ${time.toFixed(3)} ms`)
    })
    return millis
  })

interface Series {
  readonly count: number
  readonly interval: Duration.Duration
  readonly answerWithin: Duration.Duration
}

const series = (ws: WebSocket, { answerWithin, count, interval }: Series) =>
  Effect.gen(function* () {
    const times: Array<number> = []
    for (let number = 1; number <= count; number++) {
      if (number > 1) yield* Effect.sleep(interval)
      times.push(...Option.toArray(yield* once(ws, number, answerWithin)))
    }
    const statistics = Statistics.of(times)
    yield* print(`${count} sent, ${times.length} answered`)
    if (statistics !== undefined) yield* print(Statistics.format(statistics))
    if (times.length < count) yield* new PingsLost({ lost: count - times.length, sent: count })
  })

/** The command. */
export const command = Command.make("ping", { ...clientOptions, ...pingOptions, uri }, (options) =>
  Effect.flatMap(connect(options.uri, options), (ws) => series(ws, options)).pipe(
    Effect.scoped,
    Effect.provide(clientLayer(options))
  )
).pipe(Command.withDescription("Measure the time between Pings and their Pongs"))
