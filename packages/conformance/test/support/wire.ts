/**
 * Frames as RFC 6455 §5.2 draws them, read and written without any code of the library, so that its mistakes cannot hide.
 */
import { createHash } from "node:crypto"
import { type RawDirection, RawInflater } from "./rawDeflate.js"

export interface WireFrame {
  readonly first: number
  readonly opcode: number
  readonly isLast: boolean
  readonly isMasked: boolean
  readonly payload: Buffer
}

/** All whole frames at the begin of the octets. */
export const parseFrames = (octets: Buffer): { readonly frames: ReadonlyArray<WireFrame>; readonly rest: Buffer } => {
  const frames: Array<WireFrame> = []
  let at = 0
  for (let next = parseFrame(octets, at); next !== undefined; next = parseFrame(octets, at)) {
    frames.push(next.frame)
    at = next.end
  }
  return { frames, rest: octets.subarray(at) }
}

const lengthAt = (octets: Buffer, at: number): readonly [length: number, size: number] | undefined => {
  const marker = octets[at + 1]! & 0x7f
  if (marker < 126) return [marker, 2]
  const size = marker === 126 ? 4 : 10
  if (octets.length < at + size) return undefined
  return [marker === 126 ? octets.readUInt16BE(at + 2) : Number(octets.readBigUInt64BE(at + 2)), size]
}

const parseFrame = (octets: Buffer, at: number): { readonly frame: WireFrame; readonly end: number } | undefined => {
  if (octets.length < at + 2) return undefined
  const found = lengthAt(octets, at)
  if (found === undefined) return undefined
  const [length, size] = found
  const isMasked = octets[at + 1]! >= 0x80
  const start = at + size + (isMasked ? 4 : 0)
  if (octets.length < start + length) return undefined
  const key = octets.subarray(start - 4, start)
  const payload = Buffer.from(octets.subarray(start, start + length))
  if (isMasked) for (let index = 0; index < length; index++) payload[index]! ^= key[index % 4]!
  const first = octets[at]!
  return { frame: { first, opcode: first & 0xf, isLast: first >= 0x80, isMasked, payload }, end: start + length }
}

/** The bit of a frame's first octet that ends a message. */
export const fin = 0x80

/** The bit of it that says: compressed (RFC 7692 §6). */
export const rsv1 = 0x40

const lengthOf = (length: number): Buffer => {
  if (length < 126) return Buffer.of(length)
  const extended = Buffer.alloc(length < 0x10000 ? 3 : 9)
  extended[0] = length < 0x10000 ? 126 : 127
  if (length < 0x10000) extended.writeUInt16BE(length, 1)
  else extended.writeBigUInt64BE(BigInt(length), 1)
  return extended
}

/** A frame, with a masking key when it comes from a client. */
export const frame = (first: number, payload: Uint8Array, role: "client" | "server"): Buffer => {
  const length = lengthOf(payload.length)
  if (role === "server") return Buffer.concat([Buffer.of(first), length, payload])
  const key = Buffer.of(1, 2, 3, 4)
  const masked = Buffer.from(payload)
  for (let index = 0; index < masked.length; index++) masked[index]! ^= key[index & 3]!
  length[0]! |= 0x80
  return Buffer.concat([Buffer.of(first), length, key, masked])
}

/** What the frames say, in the order of the wire. */
export interface Heard {
  readonly messages: ReadonlyArray<string | Uint8Array>
  readonly pongs: ReadonlyArray<string>
  readonly close: number | undefined
  readonly isMasked: ReadonlyArray<boolean>
  /** Frames behind the Close frame, and octets that are no whole frame: there must be none. */
  readonly excess: number
}

/** What an endpoint has sent; `direction` is how it compresses, where that was agreed. */
export const hear = (octets: Buffer, direction?: RawDirection): Heard => {
  const { frames, rest } = parseFrames(octets)
  const end = frames.findIndex(({ opcode }) => opcode === 8)
  const before = end < 0 ? frames : frames.slice(0, end)
  const closing = frames[end]?.payload
  const data = before.filter(({ opcode }) => opcode < 8)
  return {
    messages: join(data, new RawInflater(direction)),
    pongs: before.filter(({ opcode }) => opcode === 10).map(({ payload }) => payload.toString("hex")),
    close: closing === undefined ? undefined : closing.length < 2 ? 1005 : closing.readUInt16BE(0),
    isMasked: frames.map(({ isMasked }) => isMasked),
    excess: (end < 0 ? 0 : frames.length - end - 1) + rest.length
  }
}

const join = (data: ReadonlyArray<WireFrame>, inflater: RawInflater): ReadonlyArray<string | Uint8Array> => {
  const messages: Array<string | Uint8Array> = []
  let parts: Array<WireFrame> = []
  for (const each of data) {
    parts.push(each)
    if (!each.isLast) continue
    const whole = Buffer.concat(parts.map(({ payload }) => payload))
    const octets = (parts[0]!.first & rsv1) === 0 ? whole : inflater.inflate(whole)
    messages.push(parts[0]!.opcode === 1 ? octets.toString("utf8") : new Uint8Array(octets))
    parts = []
  }
  return messages
}

/** Sec-WebSocket-Accept for a key (RFC 6455 §4.2.2). */
export const acceptOf = (key: string): string =>
  createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64")

/** Nothing, or the field line of the extensions. */
const extensionLine = (extensions: string | undefined): ReadonlyArray<string> =>
  extensions === undefined ? [] : [`Sec-WebSocket-Extensions: ${extensions}`]

/** A request which every server accepts. */
export const requestOf = (extensions?: string): string =>
  [
    "GET /chat HTTP/1.1",
    "Host: 127.0.0.1",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
    ...extensionLine(extensions),
    "",
    ""
  ].join("\r\n")

/** A response to this request, which the client accepts if it offered the extensions. */
export const responseTo = (request: string, extensions?: string): string =>
  [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Accept: ${acceptOf(/^Sec-WebSocket-Key: (.*)\r$/im.exec(request)?.[1] ?? "")}`,
    ...extensionLine(extensions),
    "",
    ""
  ].join("\r\n")

/** A request without extensions. */
export const upgradeRequest = requestOf()
