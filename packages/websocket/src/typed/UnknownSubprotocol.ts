/** A connection on which none of the subprotocols was agreed that have a codec. */
import * as Data from "effect/Data"

/** The option `requireSubprotocol` of a handshake prevents it. */
export class UnknownSubprotocol extends Data.TaggedError("UnknownSubprotocol")<{
  /** What was agreed; undefined: none. */
  readonly agreed: string | undefined
  readonly known: ReadonlyArray<string>
}> {
  override get message(): string {
    const { agreed, known } = this
    return `no codec for ${agreed === undefined ? "a connection without a subprotocol" : `the subprotocol ${agreed}`}: there is one for ${known.join(", ")}`
  }
}
