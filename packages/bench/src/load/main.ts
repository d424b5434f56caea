/** The process of the generator: makes one measurement, and writes it to its output as JSON. */
import type { Sample } from "../Case.js"
import { measureBroadcast } from "./broadcast.js"
import { measureEcho } from "./echo.js"
import { measureFairness } from "./fairness.js"
import { measureHandshakes } from "./handshakes.js"
import { measureHold } from "./hold.js"
import { measureIdle } from "./idle.js"
import type { Job } from "./Job.js"

const measure = (job: Job): Promise<Sample> => {
  const { situation } = job
  switch (situation.kind) {
    case "echo":
      return measureEcho(job, situation)
    case "broadcast":
      return measureBroadcast(job, situation)
    case "handshakes":
      return measureHandshakes(job, situation)
    case "idle":
      return measureIdle(job, situation)
    case "fairness":
      return measureFairness(job, situation)
    case "hold":
      return measureHold(job, situation)
  }
}

const sample = await measure(JSON.parse(process.argv[2]!))
process.stdout.write(JSON.stringify(sample), () => process.exit(0))
