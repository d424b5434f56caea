/**
 * What the demo prints: headings, and lines with a label. Coloured on a terminal only, and not when NO_COLOR is set.
 */
import { Console } from "effect"

const isColoured = process.stdout.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== "dumb"

const paint =
  (code: number) =>
  (text: string): string =>
    isColoured ? `\u001b[${code}m${text}\u001b[0m` : text

export const bold = paint(1)
export const dim = paint(2)
export const red = paint(31)
export const green = paint(32)
export const cyan = paint(36)

const labelWidth = 11

export const heading = (text: string) =>
  Console.log(`\n${bold(`── ${text} ${"─".repeat(Math.max(3, 70 - text.length))}`)}`)

/** A label, and behind it one or more lines. */
export const lines = (label: string, texts: ReadonlyArray<string>) =>
  Console.log(texts.map((text, at) => `  ${cyan((at === 0 ? label : "").padEnd(labelWidth))}${text}`).join("\n"))

export const line = (label: string, text: string) => lines(label, [text])

/** What we sent, with `>` at the begin of each line. */
export const sent = (label: string, text: string) =>
  lines(
    label,
    text.split("\n").map((each) => `${dim(">")} ${each}`)
  )

/** What came back, with `<` at the begin of each line. */
export const received = (label: string, text: string) =>
  lines(
    label,
    text.split("\n").map((each) => `${dim("<")} ${each}`)
  )
