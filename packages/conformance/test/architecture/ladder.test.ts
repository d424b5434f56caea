import * as path from "node:path"
import ts from "typescript"
import { describe, expect, it } from "vitest"
import { read, root, sources } from "../support/workspace.js"

/** Which packages a package may import, and which modules from outside of the workspace. */
interface Rung {
  readonly name: string
  readonly below: ReadonlyArray<string>
  readonly foreign: ReadonlyArray<RegExp>
}

const effect = /^effect\/[A-Z]\w*$/
const node = /^node:[a-z/_]+$/

const ladder: Readonly<Record<string, Rung>> = {
  protocol: { name: "@effect-websocket/protocol", below: [], foreign: [/^@noble\/hashes\/legacy\.js$/] },
  websocket: { name: "effect-websocket", below: ["protocol"], foreign: [effect, /^@msgpack\/msgpack$/] },
  node: { name: "@effect-websocket/node", below: ["protocol", "websocket"], foreign: [effect, node, /^minizlib$/] },
  browser: { name: "@effect-websocket/browser", below: ["protocol", "websocket"], foreign: [effect] },
  platform: {
    name: "@effect-websocket/platform",
    below: ["protocol", "websocket", "node"],
    foreign: [effect, node, /^@effect\/(platform|platform-node|rpc)\/\w+$/]
  },
  cli: {
    name: "@effect-websocket/cli",
    below: ["protocol", "websocket", "node", "platform"],
    foreign: [effect, node, /^@effect\/(platform|platform-node|cli|printer|printer-ansi)\/\w+$/]
  }
}

/** The folders of the kernel in the order in which a byte meets them; what stands together may not import each other. */
const kernel = [["bytes"], ["http", "frame"], ["extension", "control"], ["handshake", "message"], ["."]]

/** What a file imports, type imports and re-exports included. */
const importsOf = (file: string): ReadonlyArray<string> =>
  ts.preProcessFile(read(file), true, true).importedFiles.map(({ fileName }) => fileName)

const packageOf = (file: string): string => file.split("/")[1]!

const resolveRelative = (file: string, imported: string): string =>
  path.posix.join(path.posix.dirname(file), imported).replace(/\.js$/, ".ts")

/** The source which an import of the workspace means; `undefined` for one from outside. */
const resolve = (file: string, imported: string): string | undefined => {
  if (imported.startsWith(".")) return resolveRelative(file, imported)
  for (const [folder, { name }] of Object.entries(ladder)) {
    if (imported === name) return `packages/${folder}/src/index.ts`
    if (imported.startsWith(`${name}/`)) return `packages/${folder}/src/${imported.slice(name.length + 1)}.ts`
  }
  return undefined
}

interface Import {
  readonly file: string
  readonly imported: string
  readonly target: string | undefined
}

const imports: ReadonlyArray<Import> = sources().flatMap((file) =>
  importsOf(file).map((imported) => ({ file, imported, target: resolve(file, imported) }))
)

const show = ({ file, imported }: Import): string => `${file} imports ${imported}`

const rungInKernel = (file: string): number => {
  const folder = path.posix.dirname(path.posix.relative("packages/protocol/src", file))
  return kernel.findIndex((folders) => folders.includes(folder))
}

/** A circle of imports, as the files it goes through; `undefined` when there is none. */
const circle = (): ReadonlyArray<string> | undefined => {
  const below = new Map<string, Array<string>>()
  for (const { file, target } of imports)
    if (target !== undefined) below.set(file, [...(below.get(file) ?? []), target])
  const finished = new Set<string>()
  const visit = (file: string, trail: ReadonlyArray<string>): ReadonlyArray<string> | undefined => {
    if (trail.includes(file)) return [...trail.slice(trail.indexOf(file)), file]
    if (finished.has(file)) return undefined
    for (const next of below.get(file) ?? []) {
      const found = visit(next, [...trail, file])
      if (found !== undefined) return found
    }
    finished.add(file)
    return undefined
  }
  for (const file of below.keys()) {
    const found = visit(file, [])
    if (found !== undefined) return found
  }
  return undefined
}

describe("the ladder of packages", () => {
  it("every published package has its place", () => {
    expect([...new Set(sources().map(packageOf))].filter((folder) => !(folder in ladder))).toEqual([])
  })

  it("the imports are found", () => {
    expect(imports.length).toBeGreaterThan(sources().length)
  })

  it("an import of the workspace MUST lead to a source that exists", () => {
    const lost = imports.filter(({ target }) => target !== undefined && !ts.sys.fileExists(path.join(root, target)))
    expect(lost.map(show)).toEqual([])
  })

  it("a package MUST import only what stands below it", () => {
    const upward = imports.filter(({ file, target }) => {
      if (target === undefined) return false
      const [from, to] = [packageOf(file), packageOf(target)]
      return from !== to && !ladder[from]!.below.includes(to)
    })
    expect(upward.map(show)).toEqual([])
  })

  it("another package MUST be imported by its name", () => {
    const trespassing = imports.filter(
      ({ file, imported }) =>
        imported.startsWith(".") && !resolveRelative(file, imported).startsWith(`packages/${packageOf(file)}/src/`)
    )
    expect(trespassing.map(show)).toEqual([])
  })

  it("a relative import MUST end in .js", () => {
    expect(imports.filter(({ imported }) => imported.startsWith(".") && !imported.endsWith(".js")).map(show)).toEqual(
      []
    )
  })

  it("nothing foreign MUST be imported, never the barrel of Effect", () => {
    const foreign = imports.filter(
      ({ file, imported, target }) =>
        target === undefined && !ladder[packageOf(file)]!.foreign.some((allowed) => allowed.test(imported))
    )
    expect(foreign.map(show)).toEqual([])
  })

  it("there MUST be no circle, type imports counted", () => {
    expect(circle()).toBe(undefined)
  })

  it("a barrel MUST NOT be imported inside of the workspace", () => {
    expect(imports.filter(({ target }) => target?.endsWith("src/index.ts")).map(show)).toEqual([])
  })
})

describe("the ladder inside of a package", () => {
  const inside = imports.filter(({ file, target }) => target !== undefined && packageOf(file) === packageOf(target))

  it("every folder of the kernel has its place", () => {
    expect(
      sources()
        .filter((file) => packageOf(file) === "protocol" && rungInKernel(file) < 0)
        .join()
    ).toBe("")
  })

  it("protocol: a folder MUST import only what a byte has met before", () => {
    const upward = inside.filter(({ file, target }) => {
      if (packageOf(file) !== "protocol" || path.posix.dirname(file) === path.posix.dirname(target!)) return false
      return rungInKernel(target!) >= rungInKernel(file)
    })
    expect(upward.map(show)).toEqual([])
  })

  it("websocket: what is for tests MUST NOT be imported by the rest", () => {
    const leaking = inside.filter(({ file, target }) => target!.includes("/testing/") && !file.includes("/testing/"))
    expect(leaking.map(show)).toEqual([])
  })

  it("websocket: MessagePack, which needs an optional package, MUST NOT be imported by the rest", () => {
    const isOptional = ({ imported, target }: Import) =>
      imported === "@msgpack/msgpack" || target?.endsWith("/MessagePack.ts") === true
    const importing = imports.filter((each) => isOptional(each) && !each.file.endsWith("websocket/src/MessagePack.ts"))
    expect(importing.map(show)).toEqual([])
  })

  it("websocket: the engine MUST NOT know handshakes, HTTP or the server", () => {
    const leaking = inside.filter(
      ({ file, target }) =>
        file.startsWith("packages/websocket/src/connection/") &&
        /\/(handshake|http|server)\/|\/(Handshake|HttpCodec|WebSocketServer)\.ts$/.test(target!)
    )
    expect(leaking.map(show)).toEqual([])
  })
})
