/**
 * The process that is measured, as its generator sees it: started here, asked for its usage, and ended.
 *
 * Whatever happens to it in between fails the measurement.
 */
import { type ChildProcess, spawn } from "node:child_process"
import * as readline from "node:readline"
import type { Usage } from "../measured/Control.js"
import type { Setting } from "../measured/Setting.js"

/** How to start a program; the setting is added as its last argument. */
export interface Program {
  readonly command: string
  readonly args: ReadonlyArray<string>
  readonly env: Readonly<Record<string, string>>
}

export class MeasuredProcess {
  /** Starts a program, and waits until it is ready. */
  static async start(program: Program, setting: Setting): Promise<MeasuredProcess> {
    const started = new MeasuredProcess(
      spawn(program.command, [...program.args, JSON.stringify(setting)], {
        stdio: ["pipe", "pipe", "inherit"],
        env: { ...process.env, ...program.env }
      })
    )
    const { port } = await started.answer<{ readonly port: number }>()
    started.port = port
    return started
  }

  /** Where a server listens. */
  port = 0
  private readonly answers: AsyncIterator<string>

  private constructor(private readonly child: ChildProcess) {
    this.answers = readline.createInterface({ input: child.stdout! })[Symbol.asyncIterator]()
  }

  /** What it has used until now; after a garbage collection when `collected`. */
  usage(collected = false): Promise<Usage> {
    return this.ask(collected ? "collect" : "usage")
  }

  /** What it answers to a command. */
  ask<A>(command: string): Promise<A> {
    this.child.stdin!.write(`${command}\n`)
    return this.answer()
  }

  /** Ends it, and waits until it is gone. */
  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.child.once("close", resolve))
    this.child.stdin!.end("exit\n")
    await gone
  }

  private async answer<A>(): Promise<A> {
    const { done, value } = await this.answers.next()
    if (done) throw new Error(`${this.child.spawnargs.join(" ")} has ended`)
    return JSON.parse(value)
  }
}
