/** What has happened on all connections of the generator, and what must not have. */
export class Tally {
  sent = 0
  received = 0
  opened = 0
  closed = 0
  destroyed = 0
  flooded = 0
  inflated = 0
  pings = 0
  faults = 0
  /** The first of them, to be read. */
  readonly examples: Array<string> = []

  readonly fail = (fault: unknown): void => {
    this.faults++
    if (this.examples.length < 10) this.examples.push(fault instanceof Error ? fault.message : String(fault))
  }
}
