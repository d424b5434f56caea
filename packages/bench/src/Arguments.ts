/** The command line of `npm run bench --`. */
import { parseArgs } from "node:util"

export const help = `npm run bench -- [options]      measures, and writes packages/bench/results/
  --quick            the most telling cases, in about two minutes
  --case <prefix>    only cases whose name begins so; may be repeated, and separated by commas
  --peers <a,b>      only these peers
  --rounds <n>       measurements of each peer in each case (3; with --quick 1)
  --profile <dir>    has the measured processes write CPU profiles (of Node.js) there
  --list             tells the names of cases and peers
npm run bench -- micro [--save] kernel against the stored baseline; fails above 15 %`

export interface Arguments {
  readonly command: "run" | "micro" | "list" | "help"
  readonly quick: boolean
  readonly cases: ReadonlyArray<string>
  readonly peers: ReadonlyArray<string>
  readonly rounds: number | undefined
  readonly profile: string | undefined
  readonly save: boolean
}

const list = (values: ReadonlyArray<string> = []): ReadonlyArray<string> => values.flatMap((value) => value.split(","))

const roundsOf = (value: string | undefined): number | undefined => {
  if (value === undefined) return undefined
  const rounds = Number(value)
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error("--rounds takes an integer of at least 1")
  return rounds
}

/** Throws for what is not understood. */
export const parse = (args: ReadonlyArray<string>): Arguments => {
  const { positionals, values } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      quick: { type: "boolean", default: false },
      case: { type: "string", multiple: true },
      peers: { type: "string", multiple: true },
      rounds: { type: "string" },
      profile: { type: "string" },
      list: { type: "boolean", default: false },
      save: { type: "boolean", default: false },
      help: { type: "boolean", default: false }
    }
  })
  const [command = "run", ...others] = positionals
  if (others.length > 0 || (command !== "run" && command !== "micro")) throw new Error(`not understood: ${positionals}`)
  return {
    command: values.help ? "help" : values.list ? "list" : command,
    quick: values.quick,
    cases: list(values.case),
    peers: list(values.peers),
    rounds: roundsOf(values.rounds),
    profile: values.profile,
    save: values.save
  }
}
