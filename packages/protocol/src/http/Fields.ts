/**
 * The fields of a message (RFC 9110 §5): ordered, a name may stand more than once, names are case-insensitive.
 *
 * Immutable: each change gives a new value. Nothing is checked when fields are put in; `invalidField` tells what may stand
 * in a head, and the encoders of heads refuse the rest. The values are in no own property, so that nothing prints a
 * credential by accident; `RequestHead.format` prints the rest.
 *
 * @example
 * ```ts
 * import { Fields } from "@effect-websocket/protocol/http/Fields"
 *
 * const fields = Fields.from({ Host: "example.com", Via: ["a", "b"] })
 * fields.get("host") // "example.com"
 * fields.combined("Via") // "a, b"
 * fields.pack() // no more is asked soon
 * ```
 *
 * @example
 * ```ts
 * import { invalidField } from "@effect-websocket/protocol/http/Fields"
 *
 * invalidField("X-Name", "a\r\nb") // what is wrong with it
 * ```
 */
import { isFieldValue, isToken } from "./Grammar.js"

/** A field: its name as it was written, and its value. */
export interface Field {
  readonly name: string
  readonly value: string
}

/** Fields, pairs of name and value, or a record whose values may be lists: one field for each value. */
export type FieldsInput =
  | Fields
  | Iterable<readonly [name: string, value: string]>
  | Readonly<Record<string, string | ReadonlyArray<string>>>

type Pair = readonly [name: string, value: string | ReadonlyArray<string>]

const pairsOf = (input: Exclude<FieldsInput, Fields>): Iterable<Pair> =>
  Symbol.iterator in input ? input : Object.entries(input)

const fieldsOf = ([name, value]: Pair): Field | ReadonlyArray<Field> =>
  typeof value === "string" ? { name, value } : value.map((each) => ({ name, value: each }))

/** Whether a field has the name: most are written as they are looked for, or have another length. */
const named = (name: string): ((field: Field) => boolean) => {
  const lower = name.toLowerCase()
  return (field) => field.name === name || (field.name.length === name.length && field.name.toLowerCase() === lower)
}

/** Fields as one text; undefined for such as could not be told apart in it, and never stand in a head. */
const packed = (list: ReadonlyArray<Field>): string | undefined => {
  const lines: Array<string> = []
  for (const { name, value } of list) {
    if (name.includes(":") || name.includes("\n") || value.includes("\n")) return undefined
    lines.push(`${name}:${value}`)
  }
  // In one piece: a text that is added up holds on to what it was made of.
  return [...lines, ""].join("\n")
}

const unpacked = (text: string): ReadonlyArray<Field> =>
  text
    .split("\n")
    .slice(0, -1)
    .map((line) => {
      const colon = line.indexOf(":")
      return { name: line.slice(0, colon), value: line.slice(colon + 1) }
    })

/** Fields in their order; names are compared without case. */
export class Fields implements Iterable<Field> {
  static readonly empty: Fields = new Fields([])

  /** The fields of a list, which nobody may change any more. */
  static of(list: ReadonlyArray<Field>): Fields {
    return new Fields(list)
  }

  /** Of a record the own enumerable properties count; `__proto__` is a name like any other. */
  static from(input: FieldsInput): Fields {
    if (input instanceof Fields) return input
    return new Fields(Array.from(pairsOf(input)).flatMap(fieldsOf))
  }

  /** Packed, it is a text. */
  #kept: ReadonlyArray<Field> | string

  private constructor(list: ReadonlyArray<Field>) {
    this.#kept = list
  }

  get #list(): ReadonlyArray<Field> {
    return typeof this.#kept === "string" ? unpacked(this.#kept) : this.#kept
  }

  /** Keeps them as one text, a fifth of the memory, which every later look reads anew: for heads that stay as long as a connection. */
  pack(): void {
    this.#kept = packed(this.#list) ?? this.#kept
  }

  /** The number of fields; a name that stands twice counts twice. */
  get size(): number {
    return this.#list.length
  }

  has(name: string): boolean {
    return this.#find(name) !== undefined
  }

  /** The first value. */
  get(name: string): string | undefined {
    return this.#find(name)?.value
  }

  /** All values, in their order. */
  getAll(name: string): ReadonlyArray<string> {
    const isNamed = named(name)
    const values: Array<string> = []
    for (const field of this.#list) if (isNamed(field)) values.push(field.value)
    return values
  }

  /** All values as one (RFC 9110 §5.3), joined with a comma. Right for fields that are lists, and for no others. */
  combined(name: string): string | undefined {
    const isNamed = named(name)
    let all: string | undefined
    for (const field of this.#list) if (isNamed(field)) all = all === undefined ? field.value : `${all}, ${field.value}`
    return all
  }

  /** The only value of `name`, in the place of the first one if there was one, else at the end. */
  set(name: string, value: string): Fields {
    const isNamed = named(name)
    const at = this.#list.findIndex(isNamed)
    if (at < 0) return this.append(name, value)
    const behind = this.#list.slice(at + 1).filter((field) => !isNamed(field))
    return new Fields([...this.#list.slice(0, at), { name, value }, ...behind])
  }

  /** One more value, at the end. */
  append(name: string, value: string): Fields {
    return new Fields([...this.#list, { name, value }])
  }

  delete(name: string): Fields {
    const isNamed = named(name)
    return new Fields(this.#list.filter((field) => !isNamed(field)))
  }

  /** All fields of `other`, behind those of these fields which have no name of `other`. */
  merge(other: Fields): Fields {
    return new Fields([...this.#list.filter(({ name }) => !other.has(name)), ...other.#list])
  }

  [Symbol.iterator](): Iterator<Field> {
    return this.#list[Symbol.iterator]()
  }

  /** Heads are short: an index would cost more than it saves, and stay in memory as long as its connection. */
  #find(name: string): Field | undefined {
    return this.#list.find(named(name))
  }
}

/**
 * The reason why a field may not stand in a head, or undefined. It is checked as the octets it would be: a code point over
 * U+00FF is none, and would become another octet, such as U+010A a line feed.
 */
export const invalidField = (name: string, value: string): string | undefined => {
  if (!isToken(name)) return "RFC 9110 §5.1: a field name is a token"
  return isFieldValue(value)
    ? undefined
    : "RFC 9110 §5.5: a field value has only visible characters up to U+00FF, with spaces and tabs between them"
}
