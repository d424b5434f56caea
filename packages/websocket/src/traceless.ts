/**
 * Errors without a stack.
 *
 * It takes 10 to 20 µs to look at one, and that of what a connection ends with is the way from a callback of the transport,
 * which tells nothing.
 */

/** The class, whose errors do not look at the stack. */
export const traceless = <Class extends new (...args: Array<never>) => Error>(base: Class): Class =>
  class extends (base as unknown as new (...args: Array<unknown>) => Error) {
    constructor(...args: Array<unknown>) {
      const { stackTraceLimit } = Error
      Error.stackTraceLimit = 0
      super(...args)
      Error.stackTraceLimit = stackTraceLimit
    }
  } as unknown as Class
