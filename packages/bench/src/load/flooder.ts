/**
 * A process that floods a server on one connection, and reads what comes back without looking at it: one JSON argument says with what.
 *
 * It is not the generator: who measures others must have time to look at the clock.
 */
import { RawConnection } from "./RawConnection.js"
import { Ring } from "./Ring.js"

/** With what a server is flooded: as many octets as it takes, in messages of one size. */
export interface Flood {
  readonly port: number
  /** Octets of a message. */
  readonly size: number
}

/** Messages in one write. */
const burst = 64

const { port, size }: Flood = JSON.parse(process.argv[2]!)
const plain = { tls: false, deflate: false } as const
const ring = new Ring({ ...plain, kind: "binary", size, masked: true, inFlight: burst })
const { socket } = await RawConnection.open({ ...plain, port })

const flood = (): void => {
  while (socket.write(ring.slice(0, burst)));
}

socket.on("drain", flood)
// The server is ended before its flood is.
socket.on("close", () => process.exit(0))
flood()
process.stdout.write("flooding\n")
