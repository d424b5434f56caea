/** The receiver of `ws`, alone: octets in, and what it says of them, in the form of `readFrames`. */
import type { Writable } from "node:stream"
import type { Role } from "@effect-websocket/protocol/bytes/Role"
import * as ws from "ws"
import type { FramesRead } from "./kernel.js"

interface Deflate {
  readonly accept: (offers: ReadonlyArray<object>) => unknown
  readonly cleanup: () => void
}

interface Options {
  readonly isServer: boolean
  readonly maxPayload: number
  readonly maxFragments: number
  readonly extensions: Readonly<Record<string, Deflate>>
}

/** What the types of `ws` do not tell. */
const { PerMessageDeflate, Receiver } = ws as unknown as {
  readonly PerMessageDeflate: new (options: object) => Deflate
  readonly Receiver: new (options: Options) => Writable
}

/** `ws` keeps the close code of an error under a symbol of its own. */
const codeOf = (error: Error): number => {
  const symbol = Object.getOwnPropertySymbols(error).find(({ description }) => description === "status-code")!
  return (error as unknown as Record<symbol, number>)[symbol]!
}

const deflate = (isServer: boolean): Deflate => {
  const extension = new PerMessageDeflate({ isServer, maxPayload: 1024 * 1024 })
  extension.accept([{}])
  return extension
}

/** Reads frames as this role. `deflates`: permessage-deflate was agreed on. */
export const readByWs = (role: Role, octets: Uint8Array, deflates: boolean): Promise<FramesRead> =>
  new Promise((resolve) => {
    const isServer = role === "server"
    const extensions = deflates ? { "permessage-deflate": deflate(isServer) } : {}
    const receiver = new Receiver({ isServer, maxPayload: 1024 * 1024, maxFragments: 16_384, extensions })
    const messages: Array<string | Uint8Array> = []
    const pings: Array<string> = []
    let close: number | undefined
    const settle = (violation: string | undefined) => {
      for (const extension of Object.values(extensions)) extension.cleanup()
      resolve({ messages, pings, close, violation })
    }
    receiver.on("message", (data: Buffer, isBinary: boolean) =>
      messages.push(isBinary ? new Uint8Array(data) : data.toString())
    )
    receiver.on("ping", (data: Buffer) => pings.push(data.toString("hex")))
    receiver.on("conclude", (code: number) => {
      close = code
    })
    receiver.on("error", (error: NodeJS.ErrnoException) => {
      close = codeOf(error)
      settle(error.code)
    })
    receiver.on("finish", () => settle(undefined))
    receiver.end(Buffer.from(octets))
  })
