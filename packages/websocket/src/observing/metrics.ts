/**
 * The metrics of WebSockets. Names are in the manner of OpenTelemetry, whose conventions have none for WebSockets; units are in the
 * descriptions.
 *
 * All have the tag `role` (`client` or `server`: ours); `direction` is `sent` or `received`.
 */
import * as Metric from "effect/Metric"
import * as MetricBoundaries from "effect/MetricBoundaries"

/** Connections that are open now. Tags: `role`. */
export const connections = Metric.counter("websocket.connections.open", { description: "open connections" })

/** Opening handshakes that have ended. Tags: `role`, `outcome`: `Accepted`, or why not (the tag of the reason). */
export const handshakes = Metric.counter("websocket.handshakes", {
  description: "opening handshakes by outcome",
  incremental: true
})

/** Messages. Tags: `role`, `direction`. */
export const messages = Metric.counter("websocket.messages", { description: "messages", incremental: true })

/** Octets of the payloads of messages, as they are on the wire: compressed ones as such. Tags: `role`, `direction`. */
export const octets = Metric.counter("websocket.octets", {
  description: "octets of payload on the wire",
  incremental: true
})

/**
 * Octets of compressed messages, before and after; one that was compressed once for many counts for each connection that sends
 * it. Tags: `role`, `direction`, `form`: `plain` or `compressed`.
 */
export const compression = Metric.counter("websocket.compression.octets", {
  description: "octets of compressed messages, before and after",
  incremental: true
})

/** What is left by compression, of all compressed octets so far: 0.2 is a fifth. Tags: `role`, `direction`. */
export const compressionRatio = Metric.gauge("websocket.compression.ratio", {
  description: "octets after compression by octets before"
})

/** Octets that wait in a connection to be sent, after it was written to or read: one sample for each turn. Tags: `role`. */
export const queue = Metric.histogram(
  "websocket.queue.octets",
  MetricBoundaries.fromIterable([0, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304]),
  "octets waiting to be sent"
)

/** Seconds between our Pings and their Pongs, those of the keep-alive too. Tags: `role`. */
export const roundTrip = Metric.histogram(
  "websocket.ping.duration",
  MetricBoundaries.fromIterable([0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]),
  "seconds between a Ping and its Pong"
)

/**
 * Connections that have ended. Tags: `role`; `code`: the connection's close code (RFC 6455 §7.1.5), which is 1006 without a Close
 * frame of the peer, and `3xxx` or `4xxx` for those which peers make up; `initiator`: `local` or `remote`.
 */
export const closes = Metric.counter("websocket.closes", {
  description: "ended connections by close code",
  incremental: true
})
