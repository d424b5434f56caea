/** The steps of a schedule, one for each failure, which can begin anew. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Schedule from "effect/Schedule"
import * as ScheduleDecision from "effect/ScheduleDecision"
import * as ScheduleIntervals from "effect/ScheduleIntervals"

export class Backoff<In, R> {
  /** Failures since the schedule began. */
  failures = 0
  private state: unknown

  constructor(private readonly schedule: Schedule.Schedule<unknown, In, R>) {
    this.state = schedule.initial
  }

  /** The schedule begins anew. */
  reset(): void {
    this.failures = 0
    this.state = this.schedule.initial
  }

  /** Milliseconds to wait after this failure; undefined: the schedule is done. */
  next(failure: In): Effect.Effect<number | undefined, never, R> {
    return Effect.flatMap(Clock.currentTimeMillis, (now) =>
      Effect.map(this.schedule.step(now, failure, this.state), ([state, , decision]) => {
        this.state = state
        this.failures++
        if (ScheduleDecision.isDone(decision)) return undefined
        return Math.max(0, ScheduleIntervals.start(decision.intervals) - now)
      })
    )
  }
}
