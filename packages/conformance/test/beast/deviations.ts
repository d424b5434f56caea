/**
 * The page on where we leave Beast, as the tests see it: a case that differs on purpose names its row.
 */
import { read } from "../support/workspace.js"

/** The columns of a row. */
export interface Deviation {
  readonly beast: string
  readonly here: string
  readonly why: string
}

const rowOf = (line: string): ReadonlyArray<Deviation> => {
  const [, beast = "", here = "", why = ""] = line.split(/(?<!\\)\|/).map((cell) => cell.trim())
  return beast === "Beast" || beast.startsWith("---") ? [] : [{ beast, here, why }]
}

export const deviations: ReadonlyArray<Deviation> = read("packages/docs/design/deviations-from-beast.md")
  .split("\n")
  .filter((line) => line.startsWith("|"))
  .flatMap(rowOf)

/** What is different here, and why, of the row whose first column this is; it is an error when the page has no such row. */
export const differs = (beast: string): string => {
  const row = deviations.find((each) => each.beast === beast)
  if (row === undefined) throw new Error(`the page of deviations has no row "${beast}"`)
  return `${row.here} (${row.why})`
}

/** The title of a case, with what is different. */
export const titled = (title: string, different: string | undefined): string =>
  different === undefined ? title : `${title}; differs: ${different}`
