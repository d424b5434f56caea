/** Every suite of a file ends as it began: no socket and no listener is left. */
import { afterAll, beforeAll, expect } from "vitest"

const handles = (): ReadonlyArray<string> => process.getActiveResourcesInfo().filter((name) => name.startsWith("TCP"))

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** To be called at the top of a file. What closes takes some turns of the event loop; what is not closed stays for ever. */
export const leavesNothing = (): void => {
  let before = 0
  beforeAll(() => {
    before = handles().length
  })
  afterAll(async () => {
    for (let turns = 0; turns < 200 && handles().length > before; turns++) await turn()
    expect(handles().length, handles().join()).toBeLessThanOrEqual(before)
  })
}
