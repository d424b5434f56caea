/** What one process of the generator is to do: one measurement of one peer, told as JSON on its command line. */
import type { Situation, Times } from "../Case.js"
import type { Program } from "./MeasuredProcess.js"

export interface Job {
  readonly situation: Situation
  readonly program: Program
  readonly style: string
  /** Whether a server sends frames back masked as they came, since it does not know what a frame is. */
  readonly isRaw: boolean
  readonly times: Times
}
