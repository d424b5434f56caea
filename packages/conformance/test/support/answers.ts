/** Responses of HTTP as RFC 9112 §6.3 delimits them, read without any code of the library. */
export interface Answer {
  readonly status: number
  /** `name: value`, as they stand. */
  readonly fields: ReadonlyArray<string>
  readonly body: string
}

const fieldOf = (fields: ReadonlyArray<string>, name: string): string | undefined =>
  fields.find((field) => field.toLowerCase().startsWith(`${name}: `))?.slice(name.length + 2)

/** The whole answers to requests with these methods, in their order, and how many octets they have. Interim ones answer nothing. */
export const answersTo = (
  methods: ReadonlyArray<string>,
  received: Buffer
): { readonly answers: ReadonlyArray<Answer>; readonly size: number } => {
  const answers: Array<Answer> = []
  let rest = received
  let asked = 0
  while (asked < methods.length) {
    const end = rest.indexOf("\r\n\r\n") + 4
    if (end < 4) break
    const [line = "", ...fields] = rest.toString("latin1", 0, end - 4).split("\r\n")
    const status = Number(line.split(" ")[1])
    const isBare = methods[asked] === "HEAD" || status < 200 || status === 204 || status === 304
    const length = isBare ? 0 : Number(fieldOf(fields, "content-length"))
    if (rest.length < end + length) break
    answers.push({ status, fields, body: rest.toString("utf8", end, end + length) })
    rest = rest.subarray(end + length)
    if (status >= 200 || status === 101) asked++
  }
  return { answers, size: received.length - rest.length }
}
