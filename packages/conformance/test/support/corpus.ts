/** The cases of the corpus, and the short forms in which their octets are written. */
import { createHash } from "node:crypto"
import { read } from "./workspace.js"

/** Text, or a part of it many times; a `#` in it is the count, from 0, in the digits 0-9a-z. */
export type Written = string | ReadonlyArray<string | { readonly repeat: Written; readonly times: number }>

/** A case of frames, in hexadecimal digits, for each of the two directions in which it makes sense. */
export interface FrameCase {
  readonly id: string
  readonly name: string
  readonly toServer?: Written
  readonly toClient?: Written
  /** permessage-deflate was agreed on, without any parameters. */
  readonly deflate?: boolean
  /** The peer ends its side behind the octets. */
  readonly halfClose?: boolean
  readonly expect: {
    /** What is delivered: text, or what is written in a short form. */
    readonly messages: ReadonlyArray<string | { readonly text: Written } | { readonly octets: Written }>
    /** The payload of the Pong that answers. */
    readonly pong?: string
    /** Those of several. */
    readonly pongs?: ReadonlyArray<string>
    /** The code of the Close frame that answers; `null`: none. Without it the connection is still open. */
    readonly close?: number | null
    /** The reason of the Close frame that the peer sent. */
    readonly reason?: string
    /** What ends the connection: the tag of the error, and that of its reason. */
    readonly error: string
  }
}

/** A request for a server that echoes, allows pages of the same origin and knows neither subprotocols nor extensions. */
export interface RequestCase {
  readonly id: string
  readonly name: string
  /** A character for each octet. */
  readonly request: Written
  readonly expect: {
    readonly status: number
    /** The status of an interim response before the final one. */
    readonly interim?: number
    readonly error?: string
    /** A field line of the answer. */
    readonly field?: string
    readonly messages?: ReadonlyArray<string>
  }
}

/** The answer of a server; `$A` is the right Sec-WebSocket-Accept, `$a` the same in small letters. */
export interface ResponseCase {
  readonly id: string
  readonly name: string
  readonly response: Written
  /** The subprotocols that the client offers. */
  readonly offered?: ReadonlyArray<string>
  readonly halfClose?: boolean
  /** `"open"`, or the tags of the error and of its reason. */
  readonly expect: string
}

export const expand = (written: Written): string => {
  if (typeof written === "string") return written
  const part = (each: Exclude<Written, string>[number]): string => {
    if (typeof each === "string") return each
    const text = expand(each.repeat)
    return text.includes("#")
      ? Array.from({ length: each.times }, (_, count) => text.replaceAll("#", count.toString(36))).join("")
      : text.repeat(each.times)
  }
  return written.map(part).join("")
}

export const fromHex = (written: Written): Uint8Array => new Uint8Array(Buffer.from(expand(written), "hex"))

export const fromLatin1 = (written: Written): Uint8Array => new Uint8Array(Buffer.from(expand(written), "latin1"))

/** Cases below this size are fed octet by octet, and cut at every point. */
const small = 2000

/** What a case expects to be delivered. */
export const messagesOf = ({ expect }: Pick<FrameCase, "expect">): ReadonlyArray<string | Uint8Array> =>
  expect.messages.map((message) => {
    if (typeof message === "string") return message
    return "text" in message ? expand(message.text) : fromHex(message.octets)
  })

/** The payloads of the Pongs that answer. */
export const pongsOf = ({ expect: { pong, pongs } }: Pick<FrameCase, "expect">): ReadonlyArray<string> =>
  pongs ?? (pong === undefined ? [] : [pong])

/** Messages to be compared: long octets by their digests, since the test runner takes long for them. */
export const comparable = (messages: ReadonlyArray<string | Uint8Array>): ReadonlyArray<string | Uint8Array> =>
  messages.map((message) => {
    if (typeof message === "string" || message.length < small) return message
    return `${message.length} octets, ${createHash("sha1").update(message).digest("hex")}`
  })

const load = <A>(name: string): ReadonlyArray<A> => JSON.parse(read(`packages/conformance/corpus/${name}.json`))

export const frameCases = load<FrameCase>("frames")
export const requestCases = load<RequestCase>("requests")
export const responseCases = load<ResponseCase>("responses")

/** The ways in which octets may arrive: as one piece, and, when there are few of them, each by itself. */
export const drives = (
  octets: Uint8Array
): ReadonlyArray<readonly [name: string, pieces: ReadonlyArray<Uint8Array>]> => {
  const whole = ["whole", [octets]] as const
  if (octets.length >= small) return [whole]
  return [whole, ["octet by octet", Array.from(octets, (_, index) => octets.subarray(index, index + 1))]]
}

/** The octets in two pieces, in every way, when there are few of them. */
export const cuts = (octets: Uint8Array): ReadonlyArray<readonly [name: string, pieces: ReadonlyArray<Uint8Array>]> =>
  octets.length >= small
    ? []
    : Array.from(octets, (_, at) => [`cut at ${at}`, [octets.subarray(0, at), octets.subarray(at)]] as const)
