/** The kernel without any transport: octets in, in pieces, and what it says of them. */
import * as NodeCompression from "@effect-websocket/node/NodeCompression"
import type { Role } from "@effect-websocket/protocol/bytes/Role"
import * as ClosePayload from "@effect-websocket/protocol/control/ClosePayload"
import type { AgreedDeflate } from "@effect-websocket/protocol/extension/PerMessageDeflate"
import { Opcode } from "@effect-websocket/protocol/frame/Opcode"
import type { ProtocolViolation } from "@effect-websocket/protocol/frame/ProtocolViolation"
import * as ClientHandshake from "@effect-websocket/protocol/handshake/ClientHandshake"
import { type HandshakeViolation, httpError } from "@effect-websocket/protocol/handshake/HandshakeViolation"
import * as OriginPolicy from "@effect-websocket/protocol/handshake/OriginPolicy"
import * as ServerHandshake from "@effect-websocket/protocol/handshake/ServerHandshake"
import { Fields } from "@effect-websocket/protocol/http/Fields"
import { HeadDecoder } from "@effect-websocket/protocol/http/HeadDecoder"
import { isHttpViolation } from "@effect-websocket/protocol/http/HttpViolation"
import type { ResponseHead } from "@effect-websocket/protocol/http/ResponseHead"
import type { Message } from "@effect-websocket/protocol/message/Message"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { Compression, defaults, type InflateSink } from "effect-websocket/Compression"
import { Receiver } from "effect-websocket/connection/Receiver"
import { defaultsOf } from "effect-websocket/Limits"

type Pieces = ReadonlyArray<Uint8Array>

export interface FramesRead {
  readonly messages: ReadonlyArray<Message>
  readonly pings: ReadonlyArray<string>
  /** The code that arrived, or the one that answers a violation. */
  readonly close: number | undefined
  readonly violation: string | undefined
}

/** Compression whose pools live as long as the tests. */
const { open } = Effect.runSync(
  Effect.map(
    Effect.flatMap(Scope.make(), (scope) => Layer.buildWithScope(NodeCompression.layer, scope)),
    Context.get(Compression)
  )
)

/** permessage-deflate without parameters. */
const agreed: AgreedDeflate = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15
}

/** What arrives in a piece, and what was held back of it so that the event loop can turn. */
const receiveAll = (receiver: Receiver, piece: Uint8Array): ProtocolViolation | undefined => {
  let violation = receiver.receive(piece.slice())
  while (violation === undefined && receiver.isPaused) violation = receiver.resume()
  return violation
}

/** Reads frames as this role, until the first violation, or a Close frame. `deflates`: permessage-deflate was agreed on. */
export const readFrames = (role: Role, pieces: Pieces, deflates = false): FramesRead => {
  const messages: Array<Message> = []
  const pings: Array<string> = []
  let close: number | undefined
  const onControl = (opcode: number, payload: Uint8Array): ProtocolViolation | undefined => {
    if (opcode === Opcode.Ping) pings.push(Buffer.from(payload).toString("hex"))
    if (opcode !== Opcode.Close) return undefined
    const decoded = ClosePayload.decode(payload)
    if (decoded !== undefined && "_tag" in decoded) return decoded
    close = decoded?.code ?? 1005
    receiver.stop()
    return undefined
  }
  const ignore = () => undefined
  const sink = {
    onMessage: (message: Message) => void messages.push(message),
    onMessageStart: ignore,
    onPiece: ignore,
    onMessageEnd: ignore
  }
  const limits = { ...defaultsOf(role), maxMessageSize: 1024 * 1024, maxFragments: 16_384 }
  const openEngine = (sink: InflateSink) => open(agreed, role, defaults, sink)
  const receiver = new Receiver(role, limits, sink, onControl, deflates ? openEngine : undefined)
  let violation: ProtocolViolation | undefined
  for (const piece of pieces) violation ??= receiveAll(receiver, piece)
  receiver.stop()
  if (violation !== undefined) return { messages, pings, close: violation.closeCode, violation: violation._tag }
  return { messages, pings, close, violation: undefined }
}

/** What a server says of a request: the status, and the tags of the reason when it is not 101. */
export interface Verdict {
  readonly status: number
  readonly error: string | undefined
}

/** The tag of a reason, and the kind of an HTTP error. */
const tagsOf = (violation: HandshakeViolation): string =>
  violation._tag + (violation._tag === "HttpError" ? `.${violation.violation.kind}` : "")

export const judgeRequest = (pieces: Pieces): Verdict => {
  const decoder = HeadDecoder.request(defaultsOf("server"))
  for (const piece of pieces) {
    const read = decoder.decode(piece)
    if (read === undefined) continue
    if (isHttpViolation(read)) return { status: read.status, error: tagsOf(httpError(read, "server")) }
    const request = ServerHandshake.verify(read.head)
    if ("_tag" in request) return { status: request.status, error: tagsOf(request) }
    if (request.origin === undefined || OriginPolicy.sameOrigin(request, false))
      return { status: 101, error: undefined }
    const { _tag, status } = OriginPolicy.forbiddenOrigin(request)
    return { status, error: _tag }
  }
  return { status: 0, error: "more is needed" }
}

/** Interim responses that a client skips. */
const maxInterim = 8

/** The final response: heads of 1xx other than 101 come before it. */
const readResponse = (pieces: Pieces): ResponseHead | string => {
  let decoder = HeadDecoder.response(defaultsOf("client"))
  let interim = 0
  for (const piece of pieces) {
    let rest = piece
    for (let read = decoder.decode(rest); read !== undefined; read = decoder.decode(rest)) {
      if (isHttpViolation(read)) return tagsOf(httpError(read, "client"))
      const { status } = read.head
      if (status === 101 || status >= 200) return read.head
      if (interim++ === maxInterim) return "HttpError.Framing"
      rest = rest.subarray(read.next)
      decoder = HeadDecoder.response(defaultsOf("client"))
    }
  }
  return "HttpError.EndedEarly"
}

/** What a client says of a response: `"open"`, or the tags of the reason. */
export const judgeResponse = (key: string, subprotocols: ReadonlyArray<string>, pieces: Pieces): string => {
  const response = readResponse(pieces)
  if (typeof response === "string") return response
  if (!ClientHandshake.isSwitching(response)) return "UpgradeDeclined"
  const offer = { authority: "127.0.0.1", target: "/", key, subprotocols, extensions: "", fields: Fields.empty }
  const agreed = ClientHandshake.verify(offer, response, { requireSubprotocol: false })
  if (!("_tag" in agreed)) return "open"
  return tagsOf(agreed)
}
