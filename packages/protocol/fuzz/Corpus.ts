/** Inputs of earlier runs, a file for each target: one text of Latin-1 in each line, as a JSON string, so that one can read them. */
import { readFileSync, writeFileSync } from "node:fs"
import { octetsOf, textOf } from "./Target.js"

const fileOf = (folder: URL, target: string): URL => new URL(`${target}.txt`, folder)

/** Nothing but printable ASCII: editors and Git see text. */
const escaped = (text: string): string =>
  JSON.stringify(text).replace(
    /[\x7f-\xff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`
  )

export const load = (folder: URL, target: string): ReadonlyArray<Uint8Array> =>
  readFileSync(fileOf(folder, target), "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => octetsOf(JSON.parse(line)))

export const save = (folder: URL, target: string, inputs: ReadonlyArray<Uint8Array>): void =>
  writeFileSync(fileOf(folder, target), inputs.map((octets) => `${escaped(textOf(octets))}\n`).join(""))
