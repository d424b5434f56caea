/**
 * Compression of messages that go to many: once for all connections which agreed on the same window (RFC 7692 §7.1.2).
 *
 * Each message is compressed on its own. It refers to none before it, so every peer can inflate it, whatever its window has;
 * but with context takeover its window then has this message, and the window of our own compressor has not: that one begins
 * anew with its next message.
 */
import type { CompressionService, Deflater, EngineSettings, InflateSink } from "../Compression.js"
import { FramePool } from "./FramePool.js"

/** Nothing is inflated. */
const noSink: InflateSink = { room: () => 0, onOctets: () => undefined }

export class SharedDeflation {
  /** Where frames are made whose messages are compressed like this. */
  readonly pool = new FramePool()
  private deflater: Deflater | undefined

  constructor(private readonly openDeflater: () => Deflater) {}

  /** What a message looks like for all who share this: made when the first of them asks. */
  form<F>(prepared: { readonly deflated: (deflation: SharedDeflation) => F }): F {
    return prepared.deflated(this)
  }

  /** A whole message, compressed without any other one; lent until any deflater is called again. */
  whole(octets: Uint8Array): Uint8Array {
    this.deflater ??= this.openDeflater()
    return this.deflater.deflate(octets, "end")
  }
}

/** By the function that opens, which each service has its own of. */
const known = new WeakMap<CompressionService["open"], Map<string, SharedDeflation>>()

/** The compression that connections share which have this service and these parameters. */
export const sharedDeflation = (
  open: CompressionService["open"],
  windowBits: number,
  settings: EngineSettings
): SharedDeflation => {
  const shared = known.get(open) ?? new Map<string, SharedDeflation>()
  known.set(open, shared)
  const key = `${windowBits} ${settings.level} ${settings.memLevel}`
  const before = shared.get(key)
  if (before !== undefined) return before
  // Without context takeover an engine holds nothing between messages, so that this one need not be closed.
  const agreed = {
    serverNoContextTakeover: true,
    clientNoContextTakeover: true,
    serverMaxWindowBits: windowBits,
    clientMaxWindowBits: windowBits
  }
  const made = new SharedDeflation(() => open(agreed, "server", settings, noSink).deflater)
  shared.set(key, made)
  return made
}
