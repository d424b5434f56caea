/** Octets of a server in, frames out (RFC 6455 §5.2), in the plainest way: it is not the measured one. */

/** Told of each frame: its first octet, and a payload of its own. */
export type OnFrame = (first: number, payload: Buffer) => void

const none = Buffer.alloc(0)

/** Where the payload of a frame begins and ends; undefined: its header is not complete. */
const boundsOf = (octets: Buffer, at: number): readonly [begin: number, end: number] | undefined => {
  if (octets.length < at + 2) return undefined
  const second = octets[at + 1]!
  if (second >= 0x80) throw new Error("a frame of the server is masked")
  const extended = second < 126 ? 0 : second === 126 ? 2 : 8
  const begin = at + 2 + extended
  if (octets.length < begin) return undefined
  if (extended === 0) return [begin, begin + second]
  const size = extended === 2 ? octets.readUInt16BE(at + 2) : Number(octets.readBigUInt64BE(at + 2))
  return [begin, begin + size]
}

export class FrameReader {
  private held = none

  constructor(private readonly onFrame: OnFrame) {}

  /** Takes octets which are lent for the call. */
  take(chunk: Buffer): void {
    const octets = this.held.length === 0 ? chunk : Buffer.concat([this.held, chunk])
    let at = 0
    while (true) {
      const bounds = boundsOf(octets, at)
      if (bounds === undefined || bounds[1] > octets.length) break
      this.onFrame(octets[at]!, Buffer.from(octets.subarray(bounds[0], bounds[1])))
      at = bounds[1]
    }
    this.held = at === octets.length ? none : Buffer.from(octets.subarray(at))
  }
}
