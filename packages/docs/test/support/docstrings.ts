/** The public API as its docstrings tell it: what is exported, whether something is said of it, and the examples. */
import * as fs from "node:fs"
import * as path from "node:path"
import ts from "typescript"
import { root } from "./pages.js"

const packages = ["protocol", "websocket", "node", "platform", "browser", "cli"]

/** An example of a docstring, as a file. */
export interface Example {
  /** Where it stands, relative to the root. */
  readonly place: string
  readonly file: string
}

/** Something that an application can import. */
export interface Export {
  /** As `websocket Limits.layer`. */
  readonly place: string
  readonly isDocumented: boolean
}

/** Ignored by git, and within the package, so that the workspace is found from there. */
const folder = path.join(root, "packages/docs/dist/docstrings")

const docstring = /\/\*\*[\s\S]*?\*\//g
const block = /```ts\n([\s\S]*?)```/g

/** The code of the examples in a text: of the docstrings with `@example`, without the stars at the begin of their lines. */
const codeIn = (text: string): ReadonlyArray<string> =>
  [...text.matchAll(docstring)]
    .map(([comment]) => comment.replace(/^ *\* ?/gm, ""))
    .filter((comment) => comment.includes("@example"))
    .flatMap((comment) => [...comment.slice(comment.indexOf("@example")).matchAll(block)].map((match) => match[1]!))

const sourcesOf = (name: string): ReadonlyArray<string> =>
  fs
    .readdirSync(path.join(root, "packages", name, "src"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => path.posix.join("packages", name, "src", file.split(path.sep).join("/")))
    .sort()

/** Writes all examples anew, as files that can be compiled. */
export const writeExamples = (): ReadonlyArray<Example> => {
  fs.rmSync(folder, { recursive: true, force: true })
  fs.mkdirSync(folder, { recursive: true })
  return packages.flatMap(sourcesOf).flatMap((place) =>
    codeIn(fs.readFileSync(path.join(root, place), "utf8")).map((code, at) => {
      const file = path.join(folder, `${place.replace(/\.ts$/, "").replaceAll("/", "-")}-${at}.ts`)
      fs.writeFileSync(file, `${code}\nexport {}\n`)
      return { place, file }
    })
  )
}

/** What an example declares need not be used. */
const options = (): ts.CompilerOptions => {
  const { config } = ts.readConfigFile(path.join(root, "packages/docs/tsconfig.site.json"), ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, path.join(root, "packages/docs"))
  return { ...options, noUnusedLocals: false }
}

const barrelOf = (name: string): string => path.join(root, "packages", name, "src/index.ts")

/** One program of all packages and these examples. */
export const programOf = (examples: ReadonlyArray<Example>): ts.Program =>
  ts.createProgram([...packages.map(barrelOf), ...examples.map(({ file }) => file)], options())

/** The messages of the compiler about an example. */
export const messagesOf = (program: ts.Program, { file, place }: Example): ReadonlyArray<string> =>
  ts
    .getPreEmitDiagnostics(program, program.getSourceFile(file))
    .map(({ messageText }) => `${place}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`)

/** A declaration as it stands in its file: of a variable the whole statement, which has the docstring. */
const statementOf = (node: ts.Declaration): ts.Node => (ts.isVariableDeclaration(node) ? node.parent.parent : node)

const isDocumented = (symbol: ts.Symbol): boolean =>
  (symbol.declarations ?? []).some((each) => ts.getJSDocCommentsAndTags(statementOf(each)).some(ts.isJSDoc))

/** The modules of a package: the namespaces of its barrel. */
const namespaces = (program: ts.Program, name: string) => {
  const checker = program.getTypeChecker()
  const resolved = (symbol: ts.Symbol) =>
    symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
  const exportsOf = (symbol: ts.Symbol) => checker.getExportsOfModule(resolved(symbol))
  const barrel = checker.getSymbolAtLocation(program.getSourceFile(barrelOf(name))!)!
  return exportsOf(barrel).map((module) => ({
    module,
    exports: exportsOf(module).map((each) => resolved(each)),
    resolved
  }))
}

/** Everything that the barrels of the packages export, module by module. */
export const publicExports = (program: ts.Program): ReadonlyArray<Export> =>
  packages.flatMap((name) =>
    namespaces(program, name).flatMap(({ exports, module }) =>
      exports.map((symbol) => ({
        place: `${name} ${module.name}.${symbol.name}`,
        isDocumented: isDocumented(symbol)
      }))
    )
  )

/** The sources of the modules which the barrels export, relative to the root. */
export const publicModules = (program: ts.Program): ReadonlyArray<string> =>
  packages.flatMap((name) =>
    namespaces(program, name).flatMap(({ module, resolved }) =>
      (resolved(module).declarations ?? []).map((each) => path.relative(root, each.getSourceFile().fileName))
    )
  )
