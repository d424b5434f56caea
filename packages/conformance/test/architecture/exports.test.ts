import { execFile, execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { promisify } from "node:util"
import { beforeAll, describe, expect, it } from "vitest"
import { published, read, root, typeScriptFiles } from "../support/workspace.js"

interface Conditions {
  readonly "@effect-websocket/source": string
  readonly types: string
  readonly default: string
}

const manifest = (folder: string) => JSON.parse(read(`packages/${folder}/package.json`))

const exportsOf = (folder: string): ReadonlyArray<readonly [name: string, target: Conditions]> =>
  Object.entries<string | Conditions>(manifest(folder).exports).flatMap(([name, target]) =>
    typeof target === "string" ? [] : [[name, target] as const]
  )

/** The files a target of `exports` leads to: itself, or one for each module when it has a star. */
const filesOf = (folder: string, target: string): ReadonlyArray<string> => {
  const modules = typeScriptFiles(`packages/${folder}/src`).filter((file) => !file.endsWith(".d.ts"))
  const relative = target.replace(/^\.\//, `packages/${folder}/`)
  return relative.includes("*") ? modules.map((file) => relative.replace("*", file.replace(/\.ts$/, ""))) : [relative]
}

const missing = (files: ReadonlyArray<string>) => files.filter((file) => !fs.existsSync(path.join(root, file)))

/** Runs a module with plain Node.js, without conditions, where an application would stand. */
const runModule = async (code: string): Promise<string> => {
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", code], {
    cwd: path.join(root, "packages/conformance"),
    env: { ...process.env, NODE_OPTIONS: "" }
  })
  return stdout.trim()
}

/** Every module of the package by the name under which an application imports it. */
const specifiers = ({ folder, name }: { readonly folder: string; readonly name: string }) => [
  name,
  ...typeScriptFiles(`packages/${folder}/src`)
    .filter((file) => !file.endsWith(".d.ts") && file !== "index.ts")
    .map((file) => `${name}/${file.replace(/\.ts$/, "")}`)
]

const session = `
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Listener, MemoryTransport, WebSocket, WebSocketServer } from "effect-websocket"

const program = Effect.gen(function* () {
  const ws = yield* WebSocket.connect(yield* Listener.uri("/"))
  yield* ws.send("from the build")
  const answer = yield* ws.receive
  const { clean } = yield* ws.close(1000)
  return answer + ", " + (clean ? "clean" : "not clean")
})
const server = WebSocketServer.serve((ws) => ws.run((message) => ws.send(message)))
const layers = Layer.provideMerge(server, Layer.merge(WebSocket.layer, MemoryTransport.layer))
console.log(await Effect.runPromise(Effect.scoped(program).pipe(Effect.provide(layers))))
`

describe("the exports of the published packages", () => {
  beforeAll(() => {
    const projects = published.map(({ folder }) => `packages/${folder}/tsconfig.src.json`)
    execFileSync(process.execPath, ["node_modules/typescript/bin/tsc", "-b", ...projects], { cwd: root })
  }, 120_000)

  for (const { folder } of published) {
    it(`${folder}: every target leads to a source`, () => {
      const targets = exportsOf(folder).map(([, target]) => target["@effect-websocket/source"])
      expect(missing(targets.flatMap((target) => filesOf(folder, target)))).toEqual([])
    })

    it(`${folder}: every target leads to a file of the build`, () => {
      const targets = exportsOf(folder).flatMap(([, target]) => [target.types, target.default])
      expect(missing(targets.flatMap((target) => filesOf(folder, target)))).toEqual([])
    })

    it(`${folder}: nothing of the package is out of the reach of \`files\``, () => {
      expect(manifest(folder).files).toEqual(expect.arrayContaining(["dist", "src"]))
    })
  }

  it("every module of the build is imported by plain Node.js", async () => {
    const names = published.flatMap(specifiers)
    const code = `const names = ${JSON.stringify(names)}; for (const name of names) await import(name); console.log(names.length)`
    expect(Number(await runModule(code))).toBe(names.length)
  })

  it("a session over memory runs on the build", async () => {
    expect(await runModule(session)).toBe("from the build, clean")
  })
})
