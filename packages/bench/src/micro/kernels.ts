/**
 * The functions of the kernel on which speed depends, each with one typical load.
 *
 * An operation is one call with everything that belongs to it; octets which it alters are made anew each time.
 */
import * as NodeCompression from "@effect-websocket/node/NodeCompression"
import type { Role } from "@effect-websocket/protocol/bytes/Role"
import * as Utf8 from "@effect-websocket/protocol/bytes/Utf8"
import type { AgreedDeflate } from "@effect-websocket/protocol/extension/PerMessageDeflate"
import { FrameDecoder, type FrameSink } from "@effect-websocket/protocol/frame/FrameDecoder"
import { encodeFrame, encodeText } from "@effect-websocket/protocol/frame/FrameEncoder"
import { mask } from "@effect-websocket/protocol/frame/Masking"
import { allocate } from "@effect-websocket/protocol/frame/SimdMemory"
import * as Key from "@effect-websocket/protocol/handshake/Key"
import * as ServerHandshake from "@effect-websocket/protocol/handshake/ServerHandshake"
import { HeadDecoder } from "@effect-websocket/protocol/http/HeadDecoder"
import { MessageAssembler } from "@effect-websocket/protocol/message/MessageAssembler"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { Compression, defaults } from "effect-websocket/Compression"
import { type PayloadKind, payload } from "../load/payloads.js"
import { frame } from "../load/Ring.js"

export interface Kernel {
  readonly name: string
  /** Gives the operation, which returns something that depends on its work. */
  readonly prepare: () => () => unknown
}

const chunkSize = 64 * 1024
const key = 0x9d3c5a71
const limits = { maxMessageSize: 16 << 20, maxFrameSize: 16 << 20, maxFragments: 16_384 }

/** A chunk of masked frames, as a read brings it. */
const chunkOf = (kind: PayloadKind, size: number): Buffer => {
  const first = kind === "binary" ? 0x82 : 0x81
  const count = Math.max(1, Math.floor(chunkSize / (size + 14)))
  return Buffer.concat(Array.from({ length: count }, (_, n) => frame(first, payload(kind, size, n), true)))
}

class Counter implements FrameSink {
  count = 0
  onFrame() {
    return undefined
  }
  onPayload() {
    return undefined
  }
  onFrameEnd() {
    this.count++
    return undefined
  }
}

class Assembling implements FrameSink {
  count = 0
  private readonly assembler = new MessageAssembler(limits)
  readonly onFrame: FrameSink["onFrame"] = (header) => this.assembler.onFrame(header)
  readonly onPayload: FrameSink["onPayload"] = (octets, start, end) => this.assembler.onPayload(octets, start, end)
  readonly onFrameEnd: FrameSink["onFrameEnd"] = () => {
    if (this.assembler.onFrameEnd() !== undefined) this.count++
    return undefined
  }
}

const decoding = (chunk: Buffer, sink: FrameSink & { readonly count: number }) => {
  const decoder = new FrameDecoder("server", sink)
  // Where sockets are read into.
  const octets = allocate(chunk.length)
  return () => {
    octets.set(chunk)
    if (decoder.decode(octets) !== undefined) throw new Error("the decoder has found a violation")
    return sink.count
  }
}

const decode = (size: number): Kernel => ({
  name: `decode-${size}`,
  prepare: () => decoding(chunkOf("binary", size), new Counter())
})

/** Whole messages in fragments of 64 octets. */
const fragments = (size: number): Kernel => ({
  name: `fragments-${size}`,
  prepare: () => {
    const count = size / 64
    const first = (n: number) => (n === 0 ? 0x02 : 0) | (n === count - 1 ? 0x80 : 0)
    const frames = Array.from({ length: count }, (_, n) => frame(first(n), payload("binary", 64, n), true))
    return decoding(Buffer.concat(frames), new Assembling())
  }
})

const assemble = (kind: PayloadKind, size: number): Kernel => ({
  name: `messages-${kind}-${size}`,
  prepare: () => decoding(chunkOf(kind, size), new Assembling())
})

const encode = (size: number, maskingKey: number): Kernel => ({
  name: `encode-${maskingKey < 0 ? "" : "masked-"}${size}`,
  prepare: () => {
    const octets = new Uint8Array(payload("binary", size, 0))
    const target = allocate(size + 14)
    return () => encodeFrame(target, 0, 0x82, octets, maskingKey)
  }
})

const encodeString = (kind: PayloadKind, size: number): Kernel => ({
  name: `encode-${kind}-${size}`,
  prepare: () => {
    const text = payload(kind, size, 0).toString()
    const target = new Uint8Array(3 * size + 14)
    return () => encodeText(target, 0, 0x81, text, -1)
  }
})

const masking = (size: number, isSimd: boolean): Kernel => ({
  name: `mask-${isSimd ? "simd-" : ""}${size}`,
  prepare: () => {
    const octets = isSimd ? allocate(size + 6) : new Uint8Array(size + 6)
    return () => mask(octets, 6, size + 6, key, 0)
  }
})

const validate = (kind: PayloadKind, size: number): Kernel => ({
  name: `utf8-${kind}-${size}`,
  prepare: () => {
    const octets = new Uint8Array(payload(kind, size, 0))
    const validator = new Utf8.Utf8Validator()
    return () => validator.push(octets, 0, octets.length)
  }
})

const agreed = (contextTakeover: boolean): AgreedDeflate => ({
  serverNoContextTakeover: !contextTakeover,
  clientNoContextTakeover: !contextTakeover,
  serverMaxWindowBits: 12,
  clientMaxWindowBits: 12
})

/** An engine with the settings that hold unless an application changes them; what it inflates is counted. */
const engineOf = (contextTakeover: boolean, role: Role) => {
  const layer = Layer.build(NodeCompression.layer)
  const scope = Effect.runSync(Scope.make())
  const { open } = Context.get(Effect.runSync(Scope.extend(layer, scope)), Compression)
  const sink = { count: 0, room: () => Infinity, onOctets: () => void sink.count++ }
  return { sink, engine: open(agreed(contextTakeover), role, defaults, sink) }
}

const messagesOf = (size: number): ReadonlyArray<Uint8Array> =>
  Array.from({ length: 64 }, (_, n) => new Uint8Array(payload("json", size, n)))

const deflating = (size: number): Kernel => ({
  name: `deflate-${size}`,
  prepare: () => {
    const [{ engine }, messages] = [engineOf(true, "server"), messagesOf(size)]
    let next = 0
    return () => engine.deflater.deflate(messages[next++ % messages.length]!, "end").length
  }
})

const inflating = (size: number): Kernel => ({
  name: `inflate-${size}`,
  prepare: () => {
    const { deflater } = engineOf(false, "server").engine
    const messages = messagesOf(size).map((message) => deflater.deflate(message, "end").slice())
    const { engine, sink } = engineOf(false, "client")
    let next = 0
    return () => {
      const message = messages[next++ % messages.length]!
      const violation = engine.inflater.push(message, 0, message.length)
      while (engine.inflater.isPaused) engine.inflater.resume()
      if (violation !== undefined || engine.inflater.end() !== undefined)
        throw new Error("the message was not inflated")
      return sink.count
    }
  }
})

const request = Buffer.from(
  "GET /chat?room=7 HTTP/1.1\r\nHost: server.example.com:8080\r\nConnection: keep-alive, Upgrade\r\nPragma: no-cache\r\n" +
    "Cache-Control: no-cache\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0.0.0\r\n" +
    "Upgrade: websocket\r\nOrigin: http://server.example.com:8080\r\nSec-WebSocket-Version: 13\r\n" +
    "Accept-Encoding: gzip, deflate\r\nAccept-Language: en-GB,en;q=0.9,de;q=0.8\r\nCookie: session=0123456789abcdef; theme=dark\r\n" +
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n"
)

const headLimits = { maxHeadSize: 16 * 1024, maxFields: 100, maxTargetSize: 8 * 1024 }

const readHead = () => {
  const result = HeadDecoder.request(headLimits).decode(request)
  if (result === undefined || !("head" in result)) throw new Error("the head was not understood")
  return result.head
}

const verify = () => {
  const head = readHead()
  return () => {
    const result = ServerHandshake.verify(head)
    if (!("key" in result)) throw new Error("the request was refused")
    return result
  }
}

export const kernels: ReadonlyArray<Kernel> = [
  ...[16, 125, 1024, 65_000].map(decode),
  ...[16, 125, 1024].map((size) => assemble("binary", size)),
  fragments(1024),
  assemble("ascii", 125),
  assemble("json", 1024),
  assemble("multibyte", 1024),
  ...[16, 125, 1024, 65_536].map((size) => encode(size, -1)),
  ...[125, 1024].map((size) => encode(size, key)),
  encodeString("ascii", 125),
  encodeString("multibyte", 1024),
  ...[16, 125, 1024, 65_536].flatMap((size) => [masking(size, false), masking(size, true)]),
  validate("ascii", 1024),
  validate("multibyte", 1024),
  ...[1024, 16_384].flatMap((size) => [deflating(size), inflating(size)]),
  { name: "head", prepare: () => readHead },
  { name: "verify", prepare: verify },
  { name: "accept", prepare: () => () => Key.accept("dGhlIHNhbXBsZSBub25jZQ==") }
]
