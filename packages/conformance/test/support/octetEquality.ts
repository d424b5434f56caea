/** For all tests: octets are compared at once. One by one, as `toEqual` does it, a megabyte takes seconds. */
import { expect } from "vitest"

expect.addEqualityTesters([
  (one: unknown, other: unknown) =>
    one instanceof Uint8Array && other instanceof Uint8Array && one.constructor === other.constructor
      ? Buffer.compare(one, other) === 0
      : undefined
])
