/**
 * What the browser has: its `WebSocket`, and its `WebSocketStream` where there is one.
 *
 * The globals, unless others are provided: with a `WebSocket` alone nothing is streamed.
 */
import * as Context from "effect/Context"

/** What is used of a `WebSocketStream`, of which the DOM of TypeScript knows nothing. */
export interface NativeStream {
  readonly opened: Promise<{
    readonly readable: ReadableStream<string | ArrayBuffer | Uint8Array>
    readonly writable: WritableStream<string | Uint8Array>
    readonly protocol: string
    readonly extensions: string
  }>
  /** Rejected, with an error that tells nothing, when the connection did not end cleanly. */
  readonly closed: Promise<{ readonly closeCode?: number; readonly reason?: string }>
  readonly close: (info?: { readonly closeCode?: number; readonly reason?: string }) => void
}

/** The constructors of the platform. */
export interface NativeConstructors {
  readonly WebSocket?: (new (uri: string, protocols: Array<string>) => WebSocket) | undefined
  readonly WebSocketStream?:
    | (new (
        uri: string,
        options: { readonly protocols: Array<string>; readonly signal: AbortSignal }
      ) => NativeStream)
    | undefined
}

/** The constructors that are used. */
export class Natives extends Context.Reference<Natives>()("@effect-websocket/browser/Natives", {
  defaultValue: (): NativeConstructors => globalThis as NativeConstructors
}) {}
