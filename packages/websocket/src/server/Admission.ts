/** How many connections and handshakes a server has at a time, and how many it may have. */
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import type { Address, ConnectionInfo } from "../Transport.js"
import type { OrEffect } from "../waiting/orEffect.js"
import { customerOf } from "./customerOf.js"
import { HandshakeRate } from "./HandshakeRate.js"

/** Who is in, of at most so many. Who comes when it is full is told so, and does not count. */
class Room {
  private taken = 0

  constructor(private readonly size: number) {}

  get isEmpty(): boolean {
    return this.taken === 0
  }

  /** Nobody has to count what is not bounded. */
  get isBounded(): boolean {
    return this.size !== Infinity
  }

  /** Takes a place, if there is one. */
  take(): boolean {
    if (this.taken >= this.size) return false
    this.taken++
    return true
  }

  leave(): void {
    this.taken--
  }

  /** Takes a place while `use` runs, unless there is none. */
  enter<A, E, R>(use: (isFull: boolean) => Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    if (!this.isBounded) return use(false)
    return Effect.acquireUseRelease(
      Effect.sync(() => !this.take()),
      use,
      (isFull) => Effect.sync(() => void (isFull || this.leave()))
    )
  }
}

/** Rooms for those who come from the same address; one that is empty is forgotten. */
class Rooms {
  private readonly rooms = new Map<string, Room>()

  constructor(private readonly perRoom: number) {}

  get isBounded(): boolean {
    return this.perRoom !== Infinity
  }

  /** Takes a place; gives how to leave it, or undefined if there is none. Who comes from no address of a network is not counted. */
  take(from: Option.Option<Address>): (() => void) | undefined {
    const customer = this.isBounded ? customerOf(from) : undefined
    if (customer === undefined) return () => {}
    const { rooms } = this
    const room = rooms.get(customer) ?? new Room(this.perRoom)
    if (!room.take()) return undefined
    rooms.set(customer, room)
    return () => {
      room.leave()
      if (room.isEmpty) rooms.delete(customer)
    }
  }

  /** How many addresses are known. */
  get size(): number {
    return this.rooms.size
  }
}

/** How many there may be at a time, and handshakes in a second from one address; what is not given has no bound. */
export interface Sizes {
  readonly connections?: number
  readonly handshakes?: number
  readonly perAddress?: number
  readonly perSecond?: number
}

/** What is full: the server, or what one address may have of it, at a time or in this second. */
export type Full = "server" | "address" | "second"

export class Admission {
  readonly handshakes: Room
  readonly addresses: Rooms
  readonly rate: HandshakeRate
  private readonly connections: Room

  constructor({ connections, handshakes, perAddress, perSecond }: Sizes) {
    this.connections = new Room(connections ?? Infinity)
    this.handshakes = new Room(handshakes ?? Infinity)
    this.addresses = new Rooms(perAddress ?? Infinity)
    this.rate = new HandshakeRate(perSecond ?? Infinity)
  }

  /**
   * Takes a place for a connection, until the end of its Scope. Who finds none is told what is full, and does not count.
   * It is to be the first that the Scope owns, so that a place is left when the connection is gone.
   */
  enter(duplex: { readonly info: Pick<ConnectionInfo, "remote"> }): OrEffect<Full | undefined, never, Scope.Scope> {
    const { addresses, connections } = this
    if (!connections.isBounded && !addresses.isBounded) return undefined
    return Effect.flatMap(Effect.scope, (scope) =>
      Effect.uninterruptible(
        Effect.suspend(() => {
          if (!connections.take()) return Effect.succeed("server" as const)
          // Who has too many holds a place of the server, too, until it is gone.
          const leave = addresses.take(duplex.info.remote)
          const left = Effect.sync(() => {
            leave?.()
            connections.leave()
          })
          return Effect.as(Scope.addFinalizer(scope, left), leave === undefined ? ("address" as const) : undefined)
        })
      )
    )
  }
}
