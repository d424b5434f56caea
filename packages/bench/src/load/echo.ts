/** Messages to and fro: the server is measured, or a client whose server this process is. */
import type { EchoCase, Sample } from "../Case.js"
import { type Content, DeflatedContent, PlainContent } from "./Content.js"
import type { Job } from "./Job.js"
import { MeasuredProcess } from "./MeasuredProcess.js"
import { Meter } from "./Meter.js"
import { Pipeline } from "./Pipeline.js"
import { RawConnection } from "./RawConnection.js"
import { Replies } from "./Replies.js"
import { Ring } from "./Ring.js"
import { Sink } from "./Sink.js"

/** One message in so many is compared octet for octet. */
const every = (size: number): number => (size >= 16 * 1024 ? 17 : 61)

const contentOf = ({ deflate, size }: EchoCase, ring: Ring, isFirst: boolean): Content =>
  deflate ? new DeflatedContent(isFirst ? ring.payloads : undefined) : new PlainContent(ring.payloads, every(size))

const repliesOf = (echo: EchoCase, isRaw: boolean, ring: Ring, isFirst: boolean): Replies =>
  new Replies(
    {
      opcode: (echo.deflate ? 0x40 : 0) | (echo.payload === "binary" ? 2 : 1),
      // What a peer without WebSockets sends back is masked as it came.
      masked: (echo.role === "server") === isRaw
    },
    contentOf(echo, ring, isFirst)
  )

const ringOf = (echo: EchoCase): Ring =>
  new Ring({ ...echo, kind: echo.payload, masked: echo.role === "server", inFlight: echo.inFlight })

const settingOf = ({ style }: Job, { connections, deflate, tls }: EchoCase, port: number) =>
  ({ style, mode: "echo", tls, deflate, port, connections }) as const

const measureServer = async (job: Job, echo: EchoCase): Promise<Sample> => {
  const [meter, ring] = [new Meter(), ringOf(echo)]
  const measured = await MeasuredProcess.start(job.program, settingOf(job, echo, 0))
  // All of them before the first message: who is busy opens no thousands of connections in time.
  const connections: Array<RawConnection> = []
  while (connections.length < echo.connections) {
    connections.push(await RawConnection.open({ ...echo, port: measured.port }))
  }
  for (const [n, connection] of connections.entries()) {
    const pipeline = new Pipeline(connection.socket, ring, repliesOf(echo, job.isRaw, ring, n === 0), meter)
    connection.receive = pipeline.receive
    connection.socket.on("close", () => meter.fail(new Error("a connection was closed")))
    pipeline.send(echo.inFlight)
  }
  const sample = await meter.run(measured, job.times)
  await measured.stop()
  return sample
}

const measureClient = async (job: Job, echo: EchoCase): Promise<Sample> => {
  const [meter, ring] = [new Meter(), ringOf(echo)]
  const sink = await Sink.listen((socket) => {
    const pipeline = new Pipeline(socket, ring, repliesOf(echo, job.isRaw, ring, true), meter)
    pipeline.send(echo.inFlight)
    return pipeline.receive
  })
  const measured = await MeasuredProcess.start(job.program, settingOf(job, echo, sink.port))
  const sample = await meter.run(measured, job.times)
  await measured.stop()
  return sample
}

export const measureEcho = (job: Job, echo: EchoCase): Promise<Sample> =>
  echo.role === "server" ? measureServer(job, echo) : measureClient(job, echo)
