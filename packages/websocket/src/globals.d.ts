/** All that the services ask of their host: Web Crypto, and a turn of its event loop. Node.js, Bun, Deno and browsers have both. */
declare const crypto: { getRandomValues(octets: Uint8Array): Uint8Array }
declare const setImmediate: ((callback: () => void) => unknown) | undefined
declare const setTimeout: (callback: () => void, milliseconds: number) => unknown

/** How much of a stack an error remembers, where the host is V8 or JavaScriptCore. */
interface ErrorConstructor {
  stackTraceLimit: number
}
