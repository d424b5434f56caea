import * as fs from "node:fs"
import * as path from "node:path"
import ts from "typescript"
import { describe, expect, it } from "vitest"
import { published, read, root, typeScriptFiles } from "../support/workspace.js"

/** Sources without a test file of their own, by package; files or whole folders. A file of types alone needs no entry. */
const exceptions: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  websocket: {
    "transport/MemoryPipe.ts": "the connections of MemoryTransport, tested through it",
    "transport/PullReader.ts": "the reading half of DuplexAdapter, tested through it",
    "transport/PullWriter.ts": "the writing half of DuplexAdapter, tested through it",
    "observing/": "what watches connections, tested through WebSocketMetrics, WebSocketTracing and FrameLog",
    "testing/Script.ts": "the steps of ScriptedPeer, tested through it",
    "testing/contract/": "the cases of testing/transportContract, tested there by transports with faults",
    "testing/webSocketContract/": "the cases of testing/webSocketContract, tested there by layers with faults"
  },
  node: { "NodeBinding.ts": "how NodeListener listens, tested through it" },
  platform: {
    "Connection.ts": "a tag, tested through the Sockets whose handlers have it"
  },
  cli: {
    "ClientOptions.ts": "the options of all clients, tested through the commands in EffectWs and ServeCommand",
    "ConnectCommand.ts": "tested through EffectWs",
    "Conversation.ts": "what connect reads and writes, tested through EffectWs",
    "FrameTrace.ts": "tested through TraceCommand",
    "Network.ts": "tested through ServeCommand, and put aside in the other tests",
    "Page.ts": "a text, tested through ServeCommand",
    "PingCommand.ts": "tested through EffectWs",
    "Relay.ts": "tested through TraceCommand",
    "Statistics.ts": "tested through EffectWs",
    "Streams.ts": "the streams of a process, tested through Main"
  }
}

/** Tests without a source of their own. */
const others: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  protocol: { "fuzz.test.ts": "the fuzzer of `npm run fuzz`, and the inputs it has found" },
  node: {
    "transportContract.test.ts": "the contract of testing/transportContract over every transport of the package"
  },
  platform: {
    "consumers.test.ts": "what takes the services of this package, and knows nothing of it",
    "effectFaults.test.ts": "faults of @effect/platform, each on Effect's own and on ours"
  }
}

const isExcepted = (list: Readonly<Record<string, string>> | undefined, file: string): boolean =>
  Object.keys(list ?? {}).some((entry) => (entry.endsWith("/") ? file.startsWith(entry) : file === entry))

/** A file of types, or of re-exports, has nothing that could run. */
const hasNothingToRun = (file: string): boolean => {
  if (file.endsWith(".d.ts")) return true
  const { outputText } = ts.transpileModule(read(file), {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, removeComments: true }
  })
  return outputText.split("\n").every((line) => line === "" || /^export \{.*\};$| from "/.test(line))
}

const exists = (file: string): boolean => fs.existsSync(path.join(root, file))

const testOf = (file: string): string => file.replace(/\.ts$/, ".test.ts")
const sourceOf = (file: string): string => file.replace(/\.test\.ts$/, ".ts")

describe("tests mirror the sources", () => {
  for (const { folder } of published) {
    const [src, test] = [`packages/${folder}/src`, `packages/${folder}/test`]

    it(`${folder}: src/X.ts has test/X.test.ts`, () => {
      const untested = typeScriptFiles(src).filter(
        (file) =>
          !isExcepted(exceptions[folder], file) &&
          !exists(`${test}/${testOf(file)}`) &&
          !hasNothingToRun(`${src}/${file}`)
      )
      expect(untested).toEqual([])
    })

    it(`${folder}: test/X.test.ts has src/X.ts`, () => {
      const orphans = typeScriptFiles(test).filter(
        (file) => file.endsWith(".test.ts") && !isExcepted(others[folder], file) && !exists(`${src}/${sourceOf(file)}`)
      )
      expect(orphans).toEqual([])
    })

    it(`${folder}: what is not a test stands in test/support or test/fixtures`, () => {
      const strays = typeScriptFiles(test).filter((file) => !/\.test\.ts$|^support\/|^fixtures\//.test(file))
      expect(strays).toEqual([])
    })

    it(`${folder}: no exception is out of date`, () => {
      const inSources = Object.keys(exceptions[folder] ?? {}).filter((entry) => !exists(`${src}/${entry}`))
      const inTests = Object.keys(others[folder] ?? {}).filter((entry) => !exists(`${test}/${entry}`))
      expect([...inSources, ...inTests]).toEqual([])
    })
  }
})
