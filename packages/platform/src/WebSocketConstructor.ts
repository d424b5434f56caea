/**
 * Connections of this library for whatever makes its WebSockets with `Socket.WebSocketConstructor` of @effect/platform.
 *
 * It changes a program by its layers only. Where there is a choice `PlatformSocket.layerSocket` is better: it has back-pressure.
 */
import * as Socket from "@effect/platform/Socket"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import type { FrameStream } from "effect-websocket/FrameStream"
import type { Handshake } from "effect-websocket/Handshake"
import type { Transport } from "effect-websocket/Transport"
import * as WebSocket from "effect-websocket/WebSocket"
import { WebSocketFacade } from "./WebSocketFacade.js"

const over = new Error("the layer of this constructor has ended")

type Services = Transport | Handshake | FrameStream

/**
 * Provides the constructor. Its connections end with the layer. `options` are those of every connection; the constructor's
 * protocols come before the option's.
 */
export const layerWebSocketConstructor = <E = never, R = never>(
  options: WebSocket.ConnectOptions<E, R> = {}
): Layer.Layer<Socket.WebSocketConstructor, never, Services | R> =>
  Layer.scoped(
    Socket.WebSocketConstructor,
    Effect.gen(function* () {
      const context = yield* Effect.context<Services | R>()
      const fork = yield* FiberSet.makeRuntime<never>()
      let isOver = false
      yield* Effect.addFinalizer(() =>
        Effect.sync(() => {
          isOver = true
        })
      )
      const make = (url: string, protocols: string | ReadonlyArray<string> = []) => {
        if (isOver) return new WebSocketFacade({ url, connect: Effect.fail(over), fork: Effect.runFork })
        const own = typeof protocols === "string" ? [protocols] : protocols
        const subprotocols = [...new Set([...own, ...(options.subprotocols ?? [])])]
        // A connection belongs to its own Scope, not to the one in which the layer was built.
        const connect = Effect.flatMap(Effect.scope, (scope) =>
          Effect.provide(WebSocket.connect(url, { ...options, subprotocols }), Context.add(context, Scope.Scope, scope))
        )
        return new WebSocketFacade({ url, connect, fork })
      }
      // What it needs of that type is there.
      return make as unknown as (url: string, protocols?: string | Array<string>) => globalThis.WebSocket
    })
  )
