/** A connection through a proxy whose octets are in the hands of a test. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { type Target, Transport } from "../../src/Transport.js"
import { fakeServer } from "./fakeServer.js"

export const target: Target = { host: "server.example.com", port: 443, secure: false }

/** The layer over a Transport to the test; `connect` asks for the target in a Scope that lives on. */
export const throughProxy = <E>(layer: Layer.Layer<Transport, E, Transport>) =>
  Effect.gen(function* () {
    const server = yield* fakeServer
    const scope = yield* Effect.scope
    const context = yield* Layer.build(Layer.provide(layer, Layer.succeedContext(server.transport)))
    const connect = (to: Target = target) =>
      Effect.flatMap(Transport, (transport) => transport.connect(to)).pipe(Effect.provide(context), Scope.extend(scope))
    return { ...server, connect, context }
  })

/** Octets from hexadecimal digits, as a text with one character for each. */
export const hexText = (digits: string): string => Buffer.from(digits.replaceAll(" ", ""), "hex").toString("latin1")

/** A text with one character for each octet, as hexadecimal digits. */
export const toHex = (text: string): string => Buffer.from(text, "latin1").toString("hex")
