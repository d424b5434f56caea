/**
 * The options that all clients of the command line share: fields, subprotocols, TLS, compression, the time they wait.
 */

import * as Args from "@effect/cli/Args"
import type * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as NodeCompression from "@effect-websocket/node/NodeCompression"
import { escape } from "@effect-websocket/protocol/frame/Frame"
import { invalidField } from "@effect-websocket/protocol/http/Fields"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as WebSocket from "effect-websocket/WebSocket"
import { Network } from "./Network.js"
import { note } from "./Streams.js"

/** A duration as Effect writes it, such as `5 seconds`; a number alone is in seconds. */
export const duration = (name: string): Options.Options<Duration.Duration> =>
  Options.filterMap(
    Options.text(name),
    (text) =>
      text === "infinity"
        ? Option.some(Duration.infinity)
        : Duration.decodeUnknown(/^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : text),
    `--${name} is a duration such as "5 seconds", "500 millis", or "infinity"`
  )

/** `Name: value`, as it stands in a head (RFC 9110 §5). */
const field = (text: string): Option.Option<readonly [name: string, value: string]> => {
  const [, name = "", value = ""] = /^([^:]*):[ \t]*(.*?)[ \t]*$/s.exec(text) ?? []
  return invalidField(name, value) === undefined ? Option.some([name, value]) : Option.none()
}

const headers = Options.text("header").pipe(
  Options.withAlias("H"),
  Options.repeated,
  Options.filterMap((texts) => Option.all(texts.map(field)), '--header is "Name: value" (RFC 9110 §5)'),
  Options.withDescription('A field of the request, such as "Origin: https://example.com"; may be repeated')
)

const pem = (name: string, description: string) =>
  Options.fileText(name).pipe(
    Options.map(([, text]) => text),
    Options.optional,
    Options.withDescription(description)
  )

export const tlsOptions = {
  ca: pem("ca", "PEM file with the certificates to trust, instead of those of the system"),
  cert: pem("cert", "PEM file with our own certificate"),
  key: pem("key", "PEM file with the key of --cert")
}

export const subprotocols = Options.text("subprotocol").pipe(
  Options.withAlias("s"),
  Options.repeated,
  Options.withDescription("A subprotocol, in the order of preference; may be repeated")
)

export const compress = Options.boolean("compress").pipe(
  Options.withDescription("permessage-deflate (RFC 7692), if the peer can")
)

export const clientOptions = {
  headers,
  subprotocols,
  compress,
  ...tlsOptions,
  serverName: Options.text("server-name").pipe(
    Options.optional,
    Options.withDescription("The name that the certificate must have, and that is sent to the server (SNI)")
  ),
  insecure: Options.boolean("insecure").pipe(
    Options.withDescription("Do not verify the certificate: anybody on the way may read and alter what is sent")
  ),
  timeout: duration("timeout").pipe(
    Options.withDefault(Duration.seconds(30)),
    Options.withDescription("The time until the end of the opening handshake, 30 seconds")
  )
}

/** What `clientOptions` gives. */
export type ClientOptions = Command.Command.ParseConfig<typeof clientOptions>

/** Where to. */
export const uri = Args.text({ name: "uri" }).pipe(Args.withDescription("Such as wss://example.com/chat"))

/** The layers beneath a client. */
export const clientLayer = (options: ClientOptions) =>
  Layer.unwrapEffect(
    Effect.map(Network, ({ transport }) =>
      Layer.mergeAll(
        transport({
          ca: Option.getOrUndefined(options.ca),
          cert: Option.getOrUndefined(options.cert),
          key: Option.getOrUndefined(options.key),
          servername: Option.getOrUndefined(options.serverName),
          rejectUnauthorized: !options.insecure
        }),
        WebSocket.layer,
        NodeCompression.layer
      )
    )
  )

/** Connects as the options say, and notes what was agreed. */
export const connect = (uri: string, options: ClientOptions) =>
  Effect.tap(
    WebSocket.connect(uri, {
      fields: options.headers,
      subprotocols: options.subprotocols,
      compression: options.compress,
      limits: { handshakeTimeout: options.timeout }
    }),
    ({ compression, negotiated: { subprotocol } }) =>
      note(
        [
          "connected",
          ...(subprotocol === undefined ? [] : [`, subprotocol ${escape(subprotocol)}`]),
          ...(Option.isSome(compression) ? [", permessage-deflate"] : [])
        ].join("")
      )
  )
