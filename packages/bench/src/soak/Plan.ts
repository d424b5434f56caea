/** The command line of `npm run soak --`. */
import { parseArgs } from "node:util"

export const help = `npm run soak -- [options]   loads a server for minutes, and writes packages/bench/results/soak.*
  --quick            20 s, with a tenth of the connections; writes nothing
  --seconds <n>      how long it is loaded (180)
  --idle <n>         connections on which nothing happens (10000)
  --busy <n>         connections with messages, which end and begin anew (1000)
  --slow <n>         readers of an endless stream, a third of which reads nothing (24)
  --rate <n>         messages in a second, on all busy connections together (4000)
  --tls              connections with TLS
  --deflate          messages of more than 128 octets compressed, both ways (RFC 7692)`

export interface Plan {
  readonly quick: boolean
  readonly seconds: number
  readonly idle: number
  readonly busy: number
  readonly slow: number
  readonly rate: number
  readonly tls: boolean
  readonly deflate: boolean
}

const whole = { seconds: 180, idle: 10_000, busy: 1000, slow: 24, rate: 4000 }
const short = { seconds: 20, idle: 1000, busy: 100, slow: 6, rate: 2000 }

const count = (name: string, value: string | undefined, otherwise: number): number => {
  const number = value === undefined ? otherwise : Number(value)
  if (!Number.isSafeInteger(number) || number < 1) throw new Error(`--${name} takes an integer of at least 1`)
  return number
}

const options = {
  quick: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
  seconds: { type: "string" },
  idle: { type: "string" },
  busy: { type: "string" },
  slow: { type: "string" },
  rate: { type: "string" },
  tls: { type: "boolean", default: false },
  deflate: { type: "boolean", default: false }
} as const

/** Throws for what is not understood; undefined: help was asked for. */
export const parse = (args: ReadonlyArray<string>): Plan | undefined => {
  const { values } = parseArgs({ args: [...args], options })
  if (values.help) return undefined
  const defaults = values.quick ? short : whole
  return {
    quick: values.quick,
    tls: values.tls,
    deflate: values.deflate,
    seconds: count("seconds", values.seconds, defaults.seconds),
    idle: count("idle", values.idle, defaults.idle),
    busy: count("busy", values.busy, defaults.busy),
    slow: count("slow", values.slow, defaults.slow),
    rate: count("rate", values.rate, defaults.rate)
  }
}

/** What its connections are, for people and for the names of files: `plain`, `tls`, `tls-deflate`. */
export const kindOf = ({ deflate, tls }: Plan): string =>
  [tls ? "tls" : [], deflate ? "deflate" : []].flat().join("-") || "plain"
