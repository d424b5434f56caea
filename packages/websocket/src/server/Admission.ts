/** How many connections and handshakes a server has at a time, and how many it may have. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { parse } from "../proxy/IpAddress.js"
import type { Address } from "../Transport.js"

/** Who is in, of at most so many. Who comes when it is full is told so, and does not count. */
class Room {
  private taken = 0

  constructor(private readonly size: number) {}

  get isEmpty(): boolean {
    return this.taken === 0
  }

  /** Takes a place while `use` runs, unless there is none. */
  enter<A, E, R>(use: (isFull: boolean) => Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    // Nobody has to count what is not bounded.
    if (this.size === Infinity) return use(false)
    return Effect.acquireUseRelease(
      Effect.sync(() => {
        const isFull = this.taken >= this.size
        if (!isFull) this.taken++
        return isFull
      }),
      use,
      (isFull) => Effect.sync(() => void (isFull || this.taken--))
    )
  }
}

/** An IPv6 address is one of the 2^64 of its subnet, which are one customer's: they count as one. */
const customerOf = (hostname: string): string => {
  const octets = parse(hostname)
  if (octets === undefined || octets.length === 4) return hostname
  // RFC 4291 §2.5.5.2: an IPv4 address in the form of the other family.
  const isMapped = octets.subarray(0, 10).every((octet) => octet === 0) && octets[10] === 0xff && octets[11] === 0xff
  return isMapped ? octets.subarray(12).join(".") : octets.subarray(0, 8).join(" ")
}

/** Rooms for those who come from the same address. */
class Rooms {
  private readonly rooms = new Map<string, Room>()

  constructor(private readonly perRoom: number) {}

  /** As `enter` of a Room. Who comes from no address of a network is not counted. */
  enter<A, E, R>(
    from: Option.Option<Address>,
    use: (isFull: boolean) => Effect.Effect<A, E, R>
  ): Effect.Effect<A, E, R> {
    const address = Option.getOrUndefined(from)
    if (this.perRoom === Infinity || address?._tag !== "TcpAddress") return use(false)
    return Effect.suspend(() => {
      const { rooms } = this
      const customer = customerOf(address.hostname)
      const room = rooms.get(customer) ?? new Room(this.perRoom)
      rooms.set(customer, room)
      return Effect.ensuring(
        room.enter(use),
        Effect.sync(() => room.isEmpty && rooms.get(customer) === room && rooms.delete(customer))
      )
    })
  }

  /** How many addresses are known. */
  get size(): number {
    return this.rooms.size
  }
}

/** How many there may be at a time; what is not given has no bound. */
export interface Sizes {
  readonly connections?: number
  readonly handshakes?: number
  readonly perAddress?: number
}

/** What is full: the server, or what one address may have of it. */
export type Full = "server" | "address"

export class Admission {
  readonly handshakes: Room
  readonly addresses: Rooms
  private readonly connections: Room

  constructor({ connections, handshakes, perAddress }: Sizes) {
    this.connections = new Room(connections ?? Infinity)
    this.handshakes = new Room(handshakes ?? Infinity)
    this.addresses = new Rooms(perAddress ?? Infinity)
  }

  /** Takes a place for a connection while `use` runs; who finds none is told what is full, and does not count. */
  enter<A, E, R>(
    from: Option.Option<Address>,
    use: (full: Full | undefined) => Effect.Effect<A, E, R>
  ): Effect.Effect<A, E, R> {
    return this.connections.enter((isFull) =>
      isFull ? use("server") : this.addresses.enter(from, (isFull) => use(isFull ? "address" : undefined))
    )
  }
}
