/**
 * Frames on their way out: encoded one behind the other into a slab, and handed to the transport in one write.
 *
 * The slab is shared by all connections: an idle one holds no buffer. Who begins to fill it sets aside, or sends away, what another
 * connection left in it: so each of many receivers of several messages gets one write.
 */
import type { Role } from "@effect-websocket/protocol/bytes/Role"
import { encodeFrame, encodeText } from "@effect-websocket/protocol/frame/FrameEncoder"
import { unmasked } from "@effect-websocket/protocol/frame/FrameHeader"
import { cut } from "@effect-websocket/protocol/message/Fragmenter"
import type { Source } from "../Entropy.js"
import type { Duplex } from "../Transport.js"
import { isBehind, span } from "./FramePool.js"
import type { PreparedForm } from "./PreparedForm.js"
import { giveBackSlab, leaveSlabTo, lendSlab, slabSize, takeSlab } from "./SendSlab.js"

/** The bit of a frame's first octet that ends a message (RFC 6455 §5.2). */
export const fin = 0x80

/** The bit of it that says: compressed (RFC 7692 §6). */
export const rsv1 = 0x40

/** The longest header: 2 octets, 8 of length, 4 of masking key (RFC 6455 §5.2). */
const headerRoom = 14

/** The most octets UTF-8 needs for one UTF-16 code unit. */
const octetsPerUnit = 3

/** Octets that can be set aside; more leave at once. */
const asideSize = 1024

/** Octets of frames that others send too which wait for one write. */
const maxShared = 32 * 1024

/** Memory to set octets aside, kept for the next time: at most a MiB. */
const asides: Array<Uint8Array> = []
const maxAsides = 1024

/** Those who are to be flushed once the code that runs now has come to its end. */
let later: Array<Outbox> = []

const flushAll = (): void => {
  const outboxes = later
  later = []
  for (const outbox of outboxes) outbox.flushNow()
}

/** Who fills the slab, and how far. */
let owner: Outbox | undefined
let used = 0

/** A wrong type is a defect, before anything of it is near the wire. */
export const demandOctets = (payload: Uint8Array): Uint8Array => {
  // Octets that were given away (transferred) look like none at all: to make a view on them throws.
  if (payload.length === 0 && payload.buffer !== undefined) new Uint8Array(payload.buffer)
  // Those of another realm are no instances of our class.
  if (payload instanceof Uint8Array || Object.prototype.toString.call(payload) === "[object Uint8Array]") return payload
  throw new TypeError("what is sent is a string or a Uint8Array")
}

export class Outbox {
  private inTurn = false
  /** The transport could not pass on at once what it was given last. */
  private isKept = false
  private isScheduled = false
  /** Frames that are older than what is in the slab. */
  private aside: Uint8Array | undefined
  private asideUsed = 0
  /**
   * The first and the last of frames that others send too, which lie side by side: older than what is in the slab, and never
   * beside what is set aside.
   */
  private firstShared: Uint8Array | undefined
  private lastShared: Uint8Array | undefined
  private sharedSize = 0

  constructor(
    private readonly duplex: Duplex,
    private readonly role: Role,
    private readonly entropy: Source
  ) {}

  /** Octets that were appended and have not left for the peer yet. */
  get buffered(): number {
    return this.duplex.unsafeBuffered() + this.asideUsed + this.sharedSize + (owner === this ? used : 0)
  }

  /** Appends a text frame; `first` is its first octet (FIN, RSV, opcode). Lone surrogates become U+FFFD. */
  text(first: number, text: string): void {
    const room = headerRoom + octetsPerUnit * text.length
    if (this.hasAside(room)) {
      this.asideUsed = encodeText(this.aside!, this.asideUsed, first, text, this.maskingKey())
    } else if (room <= slabSize) used = encodeText(this.reserve(room), used, first, text, this.maskingKey())
    else {
      const octets = new Uint8Array(room)
      this.writeAlone(octets.subarray(0, encodeText(octets, 0, first, text, this.maskingKey())))
    }
  }

  /** Appends a frame of any kind. The payload is copied: it may be reused at once. */
  octets(first: number, payload: Uint8Array): void {
    const room = headerRoom + demandOctets(payload).length
    if (this.hasAside(room)) {
      this.asideUsed = encodeFrame(this.aside!, this.asideUsed, first, payload, this.maskingKey())
    } else if (room <= slabSize) used = encodeFrame(this.reserve(room), used, first, payload, this.maskingKey())
    else {
      const octets = new Uint8Array(room)
      this.writeAlone(octets.subarray(0, encodeFrame(octets, 0, first, payload, this.maskingKey())))
    }
  }

  /** Appends a message that others send too: a server does not copy it, unless it would be a second write by that. */
  prepared(form: PreparedForm, fragmentSize: number): void {
    if (this.role === "server") this.share(form.frames(fragmentSize))
    else {
      const { payload } = form
      for (const fragment of cut(payload.length, fragmentSize)) {
        this.octets(form.first(fragment), payload.subarray(fragment.start, fragment.end))
      }
    }
  }

  /** A turn of the event loop begins in which much may be appended: it is sent away at its end. */
  beginTurn(): void {
    this.inTurn = true
  }

  endTurn(): void {
    this.inTurn = false
    this.flush()
  }

  /** Sends away what was appended. */
  flush(): void {
    this.flushAside()
    this.flushShared()
    if (owner !== this) return
    const size = used
    const written = lendSlab(size, this.isKept)
    owner = undefined
    used = 0
    this.duplex.unsafeWrite([written.subarray(0, size)])
    this.isKept = this.duplex.unsafeBuffered() > 0
    if (this.isKept) leaveSlabTo(written, this.duplex)
    else giveBackSlab(written)
  }

  /** Sends away what was appended, once the code that runs now has come to its end. */
  flushLater(): void {
    if (this.inTurn || this.isScheduled) return
    this.isScheduled = true
    if (later.push(this) === 1) Promise.resolve().then(flushAll)
  }

  flushNow(): void {
    this.isScheduled = false
    this.flush()
  }

  // §5.1: a client masks every frame, with a fresh key (§5.3); a server masks none.
  private maskingKey(): number {
    return this.role === "client" ? this.entropy.unsafeMaskingKey() : unmasked
  }

  /** Frames were set aside, and there is room for more beside them. */
  private hasAside(room: number): boolean {
    return this.aside !== undefined && this.asideUsed + room <= asideSize
  }

  /** The slab, with room for so many octets behind `used`. */
  private reserve(room: number): Uint8Array {
    this.flushAside()
    this.flushShared()
    if (owner === this && used + room > slabSize) this.flush()
    // A transport may itself send on another connection when it is written to: then that one has the slab.
    while (owner !== undefined && owner !== this) owner.leaveSlab()
    owner = this
    return takeSlab()
  }

  /** Another connection wants the slab: what is in it waits elsewhere for its flush, if one will come. */
  private leaveSlab(): void {
    if (used > asideSize || !(this.isScheduled || this.inTurn)) {
      this.flush()
      return
    }
    this.aside = asides.pop() ?? new Uint8Array(asideSize)
    this.aside.set(takeSlab().subarray(0, used))
    this.asideUsed = used
    owner = undefined
    used = 0
  }

  private flushAside(): void {
    const { aside, asideUsed } = this
    if (aside === undefined) return
    this.aside = undefined
    this.asideUsed = 0
    this.duplex.unsafeWrite([aside.subarray(0, asideUsed)])
    if (this.duplex.unsafeBuffered() === 0 && asides.length < maxAsides) asides.push(aside)
  }

  private share(octets: Uint8Array): void {
    if (this.hasAside(octets.length)) {
      this.aside!.set(octets, this.asideUsed)
      this.asideUsed += octets.length
    } else if (owner === this && used + octets.length <= slabSize) {
      takeSlab().set(octets, used)
      used += octets.length
    } else this.append(octets)
  }

  private append(octets: Uint8Array): void {
    if (this.lastShared === undefined) this.flush()
    else if (!isBehind(this.lastShared, octets)) this.flushShared()
    this.firstShared ??= octets
    this.lastShared = octets
    this.sharedSize += octets.length
    if (this.sharedSize >= maxShared) this.flushShared()
  }

  private flushShared(): void {
    const { firstShared, lastShared } = this
    if (firstShared === undefined || lastShared === undefined) return
    this.firstShared = undefined
    this.lastShared = undefined
    this.sharedSize = 0
    this.duplex.unsafeWrite([span(firstShared, lastShared)])
  }

  private writeAlone(octets: Uint8Array): void {
    this.flush()
    this.duplex.unsafeWrite([octets])
  }
}
