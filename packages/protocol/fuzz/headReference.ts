/**
 * The slow, obvious decoder of heads that the quick one is compared with: it sees all octets at once, as Latin-1, and shares no
 * code with the sources.
 */

/** The parts of the start line, the fields, and where the head ends; or why there are none. */
export type Reading =
  | {
      readonly start: ReadonlyArray<string>
      readonly fields: ReadonlyArray<readonly [string, string]>
      readonly next: number
    }
  | "refused"
  | "more"

const token = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+"
const visible = "[!-~\\x80-\\xff]"
const requestLine = new RegExp(`^(${token}) ([!"$-~]+) HTTP/(1\\.[01])$`)
const statusLine = /^HTTP\/(1\.[01]) ([1-9][0-9][0-9]) ([\t -~\x80-\xff]*)$/
const fieldLine = new RegExp(`^(${token}):[ \\t]*(|${visible}|${visible}[\\t -~\\x80-\\xff]*${visible})[ \\t]*$`)

/** Reads a head at the begin of the text. */
export const readHead = (text: string, kind: "request" | "response"): Reading => {
  let at = kind === "request" && text.startsWith("\r\n") ? 2 : 0
  let start: ReadonlyArray<string> | undefined
  const fields: Array<readonly [string, string]> = []
  for (;;) {
    const end = text.indexOf("\r\n", at)
    const line = text.slice(at, end < 0 ? text.length : end)
    if (/[^\t -~\x80-\xff]/.test(end < 0 ? line.replace(/\r$/, "") : line)) return "refused"
    if (end < 0) return "more"
    at = end + 2
    if (start !== undefined && line === "") return { start, fields, next: at }
    const pattern = start !== undefined ? fieldLine : kind === "request" ? requestLine : statusLine
    const parts = pattern.exec(line)?.slice(1)
    if (parts === undefined) return "refused"
    if (start === undefined) start = parts
    else fields.push([parts[0] as string, parts[1] as string])
  }
}
