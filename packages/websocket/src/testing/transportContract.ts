/**
 * The contract of `Transport`, `Listener` and `Duplex` as data: each sentence of their documentation with a program that
 * checks it.
 *
 * Whoever writes a transport runs these cases over it, with any test runner: provide both services and a Scope, real time
 * (the live Clock), and a fresh layer for each case. A case fails with a message that says what is demanded.
 */
import { connecting } from "./contract/accepting.js"
import { ending } from "./contract/ending.js"
import type { ContractCase } from "./contract/harness.js"
import { reading } from "./contract/reading.js"
import { writing } from "./contract/writing.js"

export type { ContractCase }

/** All cases. The Transport leads to the Listener. */
export const transportContract: ReadonlyArray<ContractCase> = [...reading, ...writing, ...ending, ...connecting]
