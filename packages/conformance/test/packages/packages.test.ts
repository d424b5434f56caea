/** The published packages as their users get them: packed, checked, installed into an empty project, imported, bundled. */
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core"
import { build } from "esbuild"
import { publint } from "publint"
import { formatMessage } from "publint/utils"
import ts from "typescript"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { installAll, packAll } from "../support/tarballs.js"
import { published, read, root, typeScriptFiles } from "../support/workspace.js"

const place = fs.mkdtempSync(path.join(os.tmpdir(), "packages-"))
const project = path.join(place, "project")
let tarballs: ReadonlyMap<string, string>

const write = (name: string, text: string): string => {
  const file = path.join(project, name)
  fs.writeFileSync(file, text)
  return file
}

const run = (file: string, args: ReadonlyArray<string> = []): string =>
  execFileSync(process.execPath, [file, ...args], { cwd: project, encoding: "utf8", env: { PATH: process.env.PATH } })

beforeAll(() => {
  fs.mkdirSync(project)
  tarballs = packAll(place)
  installAll(project, tarballs)
}, 240_000)

afterAll(() => fs.rmSync(place, { recursive: true, force: true }), 60_000)

const names = published.map(({ name }) => name)

describe("what is packed", () => {
  it.each(published)("$name: publint has nothing to say", async ({ folder, name }) => {
    const tarball = new Uint8Array(fs.readFileSync(tarballs.get(name)!))
    const { messages, pkg } = await publint({ pack: { tarball: tarball.buffer as ArrayBuffer }, strict: true })
    expect(pkg.name).toBe(name)
    expect(folder).not.toBe("")
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([])
  })

  it.each(published)("$name: the types of every module are those of its code", async ({ folder, name }) => {
    const modules = typeScriptFiles(`packages/${folder}/src`).filter((file) => !file.endsWith(".d.ts"))
    const entrypoints = modules.map((file) => (file === "index.ts" ? "." : `./${file.replace(/\.ts$/, "")}`))
    const packed = createPackageFromTarballData(new Uint8Array(fs.readFileSync(tarballs.get(name)!)))
    const result = await checkPackage(packed, { entrypoints })
    // The packages are ES modules: what cannot import those is not asked.
    const asked = ["node16-esm", "bundler"]
    const problems = result.types
      ? result.problems.filter((problem) => !("resolutionKind" in problem) || asked.includes(problem.resolutionKind))
      : ["no types"]
    expect(problems).toEqual([])
  })

  it.each(published)("$name: what its sources import is a dependency or a peer, and nothing else is", ({ folder }) => {
    const { dependencies = {}, peerDependencies = {} } = JSON.parse(read(`packages/${folder}/package.json`))
    const imported = new Set(
      typeScriptFiles(`packages/${folder}/src`)
        .flatMap((file) => ts.preProcessFile(read(`packages/${folder}/src/${file}`), true, true).importedFiles)
        .map(({ fileName }) => /^(@[^/]+\/[^/]+|[^./@][^/]*)/.exec(fileName)?.[1])
        .filter((name) => name !== undefined && !name.startsWith("node:"))
    )
    const declared = Object.keys({ ...dependencies, ...peerDependencies })
    expect([...imported].filter((name) => !declared.includes(name!))).toEqual([])
    // Peers of what is imported are declared for npm, though the sources do not know them.
    const peersOfOthers = ["@effect/printer", "@effect/printer-ansi", "@effect/typeclass", "@effect/platform"]
    expect(declared.filter((name) => !imported.has(name) && !peersOfOthers.includes(name))).toEqual([])
  })
})

const session = `
import { Effect, Layer } from "effect"
import { NodeListener, NodeTransport } from "@effect-websocket/node"
import { Listener, WebSocket, WebSocketServer } from "effect-websocket"
${names.map((name) => `import ${JSON.stringify(name)}`).join("\n")}

const program: Effect.Effect<WebSocket.Message, unknown, never> = Effect.gen(function* () {
  const ws = yield* WebSocket.connect(yield* Listener.uri("/"))
  yield* ws.send("installed")
  return yield* ws.receive
}).pipe(
  Effect.scoped,
  Effect.provide(
    Layer.provideMerge(
      WebSocketServer.serve((ws) => ws.run((message) => ws.send(message))),
      Layer.mergeAll(WebSocket.layer, NodeTransport.layerTcp(), NodeListener.layerTcp())
    )
  )
)
console.log(await Effect.runPromise(program))
`

describe("what is installed into an empty project", () => {
  it("runs as ES modules", { timeout: 60_000 }, () => {
    const { outputText } = ts.transpileModule(session, { compilerOptions: { module: ts.ModuleKind.ESNext } })
    expect(run(write("session.mjs", outputText))).toBe("installed\n")
  })

  it.each([
    ["NodeNext", ts.ModuleKind.NodeNext, ts.ModuleResolutionKind.NodeNext],
    ["Bundler", ts.ModuleKind.ESNext, ts.ModuleResolutionKind.Bundler]
  ])(
    "is understood by TypeScript with the moduleResolution %s",
    (_name, module, moduleResolution) => {
      const file = write("session.ts", session)
      const program = ts.createProgram([file], {
        module,
        moduleResolution,
        target: ts.ScriptTarget.ES2022,
        lib: ["lib.es2022.d.ts", "lib.dom.d.ts"],
        types: ["node"],
        typeRoots: [path.join(root, "node_modules/@types")],
        strict: true,
        exactOptionalPropertyTypes: true,
        noEmit: true,
        skipLibCheck: true
      })
      const messages = ts
        .getPreEmitDiagnostics(program)
        .map((each) => ts.flattenDiagnosticMessageText(each.messageText, "\n"))
      expect(messages).toEqual([])
      expect(ts.sys.fileExists(path.join(project, "node_modules/effect-websocket/dist/index.d.ts"))).toBe(true)
    },
    60_000
  )

  it("effect-ws is a command", { timeout: 60_000 }, () => {
    expect(run(path.join(project, "node_modules/.bin/effect-ws"), ["--version"]).trim()).toBe("0.1.0")
  })
})

/** A client without compression, as an application for browsers bundles it: octets of the bundle, and the modules in it. */
const bundle = async (code: string) => {
  const { metafile, outputFiles } = await build({
    stdin: { contents: code, resolveDir: project, loader: "js" },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "neutral",
    mainFields: ["module", "main"],
    external: ["effect", "effect/*"],
    metafile: true,
    write: false,
    outfile: "bundle.js"
  })
  const inputs = Object.entries(Object.values(metafile!.outputs)[0]!.inputs)
  return {
    size: outputFiles![0]!.contents.length,
    modules: inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([name]) => name)
  }
}

const client = `
import { WebSocket } from "effect-websocket"
export const connect = WebSocket.connect
export const layer = WebSocket.layer
`

describe("a bundle of the client", () => {
  it("is as large as the page on it says, and has nothing of servers, proxies, watching, or testing", {
    timeout: 60_000
  }, async () => {
    const { modules, size } = await bundle(client)
    const page = read("packages/docs/design/packages.md")
    const recorded = Number(/client without compression +\| (\d+(?:\.\d+)?) KB/.exec(page)?.[1]) * 1000
    expect(Math.abs(size - recorded), `${size} octets, recorded ${recorded}`).toBeLessThan(recorded * 0.1)
    const foreign =
      /WebSocketServer|HttpProxy|Socks5|MessagePack|Reconnect|TypedWebSocket|Broadcast|Meter|tracing|frameLogger|FrameTap|\/rate\/|MemoryPipe|testing\//
    expect(modules.filter((name) => foreign.test(name))).toEqual([])
  })
})
