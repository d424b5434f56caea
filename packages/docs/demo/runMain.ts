/**
 * Runs the program of a process: SIGINT, SIGTERM and SIGHUP interrupt it, and its end is the exit code.
 *
 * The process ends by itself when nothing is open any more. A signal that comes twice changes nothing: npm forwards what
 * the terminal has sent already.
 */
import { Cause, Effect, Exit, FiberId } from "effect"
import { red } from "./paper.js"

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const

/** How often we look whether npm is still there. */
const interval = 250

/** npm hands a SIGTERM to its shell, which may die of it without telling us: an orphan of npm stops as well. */
const whenOrphaned = (callback: () => void): NodeJS.Timeout | undefined => {
  if (process.env.npm_lifecycle_event === undefined) return undefined
  const parent = process.ppid
  return setInterval(() => {
    if (process.ppid !== parent) callback()
  }, interval).unref()
}

const reasonOf = (error: unknown): string => {
  const beneath = error instanceof Error && error.cause instanceof Error ? ` (${error.cause.message})` : ""
  return error instanceof Error ? `${error.name}: ${error.message}${beneath}` : String(error)
}

const report = (cause: Cause.Cause<unknown>): void => {
  const failures = [...Cause.failures(cause)]
  console.error(red(failures.length > 0 ? failures.map(reasonOf).join("\n") : Cause.pretty(cause)))
}

/** `whenInterrupted` is the exit code when a signal ended the program. */
export const runMain = (program: Effect.Effect<void, unknown>, whenInterrupted: number): void => {
  const fiber = Effect.runFork(program)
  const interrupt = () => fiber.unsafeInterruptAsFork(FiberId.none)
  const watch = whenOrphaned(interrupt)
  for (const signal of signals) process.on(signal, interrupt)
  // A terminal that has gone is no reason to leave without a Close frame.
  process.stdout.on("error", interrupt)
  fiber.addObserver((exit) => {
    clearInterval(watch)
    for (const signal of signals) process.off(signal, interrupt)
    if (Exit.isSuccess(exit)) return
    process.exitCode = Cause.isInterruptedOnly(exit.cause) ? whenInterrupted : 1
    if (process.exitCode === 1) report(exit.cause)
  })
}
