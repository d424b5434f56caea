/**
 * Measures one kernel, in a process of its own, so that no other has influenced how it was compiled.
 *
 * Short rounds of the kernel and of the calibration alternate. Of both a quiet round counts: the lower quartile.
 */
import { calibrate } from "./calibration.js"
import { kernels } from "./kernels.js"

const rounds = 60
const roundMillis = 3

/** Takes what is computed, so that nothing is optimised away. */
let kept: unknown

/** Milliseconds of CPU for a call: what else the machine does is not counted. */
const time = (operation: () => unknown, count: number): number => {
  const begin = process.cpuUsage()
  for (let n = 0; n < count; n++) kept = operation()
  const { system, user } = process.cpuUsage(begin)
  return (user + system) / 1000 / count
}

/** How many calls make up a round; on the way there the function gets hot. */
const countFor = (operation: () => unknown): number => {
  let count = 1
  while (time(operation, count) * count < roundMillis * 20) count *= 2
  return Math.max(1, Math.round(count / 20))
}

const lowerQuartile = (numbers: ReadonlyArray<number>): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 4)]!

const kernel = kernels.find(({ name }) => name === process.argv[2])!
const operation = kernel.prepare()
const [count, calibrationCount] = [countFor(operation), countFor(calibrate)]
const samples = Array.from({ length: rounds }, () => ({
  calibration: time(calibrate, calibrationCount),
  operation: time(operation, count)
}))
const millis = lowerQuartile(samples.map((sample) => sample.operation))
const ratio = millis / lowerQuartile(samples.map((sample) => sample.calibration))
process.stdout.write(JSON.stringify({ ratio, nanos: millis * 1e6, kept: typeof kept }))
