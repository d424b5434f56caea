/**
 * One buffer into which all sockets of the process are read, instead of a new one of 64 KiB for each read.
 *
 * It is what `onread` of `net.connect` does, which Node.js does not offer for sockets of a server: so the properties behind that
 * option are set, when they are there (Node.js 20 to 24). Octets are lent for the call, as a Duplex lends them anyway.
 */
import * as net from "node:net"
import type * as stream from "node:stream"
import { allocate } from "@effect-websocket/protocol/frame/SimdMemory"

/** Called by the socket, as its method: `length` octets of `buffer` have been read. */
export type OnRead = (this: stream.Duplex, length: number, buffer: Uint8Array) => void

/** What Node.js itself reads at a time. */
const size = 64 * 1024

/** Not there before the first socket. */
let shared: Uint8Array | undefined

/** Where a socket keeps the buffer and the callback of the option `onread`. */
interface Keys {
  readonly buffer: symbol
  readonly callback: symbol
}

const find = (): Keys | undefined => {
  const symbols = Object.getOwnPropertySymbols(new net.Socket())
  const named = (name: string) => symbols.find(({ description }) => description === name)
  const [buffer, callback] = [named("kBuffer"), named("kBufferCb")]
  return buffer === undefined || callback === undefined || named("kBufferGen") === undefined
    ? undefined
    : { buffer, callback }
}

let keys: Keys | undefined | null = null

interface Inside {
  readonly encrypted?: boolean
  readonly _handle?: { readonly useUserBuffer?: (buffer: Uint8Array) => void } | null
  [key: symbol]: unknown
}

/** Reads the socket into the shared buffer from now on; false: it is none, or that is not possible, and 'data' brings the octets. */
export const readInto = (native: stream.Duplex, onRead: OnRead): boolean => {
  const socket = native as unknown as Inside
  // TLS reads from memory of its own.
  if (!(native instanceof net.Socket) || socket.encrypted === true) return false
  if (typeof socket._handle?.useUserBuffer !== "function") return false
  if (keys === null) keys = find()
  if (keys === undefined) return false
  shared ??= allocate(size)
  socket[keys.buffer] = shared
  socket[keys.callback] = onRead
  socket._handle.useUserBuffer(shared)
  return true
}
