/** What a test has left open: handles, requests and timers of Node.js, and errors that nobody caught. */
import { afterAll, beforeAll, expect } from "vitest"

/** A timer is a leak as well; those of the test runner come and go, and are waited for. */
const resources = (): ReadonlyArray<string> =>
  process.getActiveResourcesInfo().filter((name) => name !== "Immediate" && name !== "TickObject")

/** Those which were not there before. */
export const added = (before: ReadonlyArray<string>, now = resources()): ReadonlyArray<string> => {
  const more = [...now]
  for (const name of before) {
    const index = more.indexOf(name)
    if (index >= 0) more.splice(index, 1)
  }
  return more
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** What closes takes some turns of the event loop, timers of the test runner more of them; what is not closed stays for ever. */
const patience = 20_000

/** Waits until nothing is left that was not there before; gives what stays. */
export const settled = async (before: ReadonlyArray<string>): Promise<ReadonlyArray<string>> => {
  for (let turns = 0; turns < patience && added(before).length > 0; turns++) await turn()
  return added(before)
}

/** Every suite of the file ends as it began: nothing left open, nothing uncaught. */
export const leavesNothing = (): void => {
  const uncaught: Array<unknown> = []
  const onUncaught = (error: unknown) => uncaught.push(error)
  let before: ReadonlyArray<string> = []
  beforeAll(() => {
    before = resources()
    process.on("uncaughtExceptionMonitor", onUncaught).on("unhandledRejection", onUncaught)
  })
  afterAll(async () => {
    const left = await settled(before)
    process.off("uncaughtExceptionMonitor", onUncaught).off("unhandledRejection", onUncaught)
    expect(left).toEqual([])
    expect(uncaught).toEqual([])
  })
}
