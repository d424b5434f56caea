/** What a run has to keep to; a broken bound fails it. */
import type { Result } from "./soak.js"

export interface Bound {
  readonly name: string
  readonly value: string
  readonly limit: string
  readonly holds: boolean
}

const mebi = 1024 * 1024

const inMebi = (octets: number): string => `${(octets / mebi).toFixed(1)} MiB`

const none = (name: string, count: number): Bound => ({ name, value: `${count}`, limit: "0", holds: count === 0 })

const some = (name: string, count: number): Bound => ({ name, value: `${count}`, limit: "≥ 1", holds: count > 0 })

/** May have grown by a share, and by so many MiB. */
const growth = (name: string, from: number, to: number, share: number, more: number): Bound => {
  const most = from * (1 + share) + more * mebi
  const value = `${inMebi(from)} → ${inMebi(to)}`
  return { name, value, limit: `≤ ${inMebi(most)}`, holds: to <= most }
}

/** All bounds, and what was found. */
export const boundsOf = ({ aliveAfter, aliveBefore, aliveLoaded, tally, ...memory }: Result): ReadonlyArray<Bound> => {
  const { after, before, early, late, plan } = memory
  const least = plan.idle + (plan.busy + plan.slow) / 2
  return [
    none("messages lost, changed or out of order, connections lost", tally.faults),
    {
      name: "messages that came back",
      value: `${tally.received}`,
      limit: `≥ ${(plan.rate * plan.seconds) / 2}`,
      holds: tally.received >= (plan.rate * plan.seconds) / 2
    },
    ...(plan.deflate ? [some("messages inflated", tally.inflated)] : []),
    {
      name: "connections under load",
      value: `${aliveLoaded.handlers}`,
      limit: `≥ ${least}`,
      holds: aliveLoaded.handlers >= least
    },
    growth("heap under load, from a quarter of the time to its end", early.heap, late.heap, 0.05, 16),
    growth("RSS under load, likewise", early.rss, late.rss, 0.1, 32),
    growth("heap before, and when all have left", before.heap, after.heap, 0, 8),
    growth("RSS at the end of the load, and when all have left", late.rss, after.rss, 0, 8),
    none("handlers left", aliveAfter.handlers),
    none("sockets left", aliveAfter.sockets),
    none("descriptors left", Math.max(0, aliveAfter.descriptors - aliveBefore.descriptors))
  ]
}
