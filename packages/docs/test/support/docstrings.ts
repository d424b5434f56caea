/** The public API as its docstrings tell it: what is exported, whether something is said of it, and the examples. */
import * as fs from "node:fs"
import * as path from "node:path"
import ts from "typescript"
import { blocksOf, pages, root, writeBlocks } from "./pages.js"

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
  /** Whether it is something at run time; the others are types. */
  readonly isValue: boolean
  /** Whether it is a value of the kernel that nobody calls, such as a violation, or a size. */
  readonly isConstantOfKernel: boolean
  /** Whether code of the documentation uses it. */
  readonly isShown: boolean
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

const blocksFolder = path.join(root, "packages/docs/dist/shown")

const blocks = pages.flatMap((page) => blocksOf(page, blocksFolder))

/** Writes all examples anew, and the code of the pages, as files that can be compiled. */
export const writeExamples = (): ReadonlyArray<Example> => {
  writeBlocks(blocks, blocksFolder)
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

/** The programs of the folder of examples. */
const programs = fs
  .readdirSync(path.join(root, "packages/docs/examples"))
  .filter((file) => file.endsWith(".ts"))
  .map((file) => path.join(root, "packages/docs/examples", file))

/** One program of all packages, these examples, and the code of the pages. */
export const programOf = (examples: ReadonlyArray<Example>): ts.Program => {
  const shown = [...examples, ...blocks].map(({ file }) => file)
  return ts.createProgram([...packages.map(barrelOf), ...shown, ...programs], options())
}

/** What the names in the code of the documentation stand for. */
const shownIn = (program: ts.Program, files: ReadonlyArray<string>): ReadonlySet<ts.Symbol> => {
  const checker = program.getTypeChecker()
  const shown = new Set<ts.Symbol>()
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) return
    const symbol = ts.isIdentifier(node) ? checker.getSymbolAtLocation(node) : undefined
    if (symbol !== undefined) shown.add(symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol)
    ts.forEachChild(node, visit)
  }
  for (const file of files) visit(program.getSourceFile(file)!)
  return shown
}

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

const isCalled = (checker: ts.TypeChecker, symbol: ts.Symbol): boolean => {
  const type = checker.getTypeOfSymbol(symbol)
  return type.getCallSignatures().length + type.getConstructSignatures().length > 0
}

/** Everything that the barrels of the packages export, module by module. */
export const publicExports = (program: ts.Program, examples: ReadonlyArray<Example>): ReadonlyArray<Export> => {
  const checker = program.getTypeChecker()
  const shown = shownIn(program, [...[...examples, ...blocks].map(({ file }) => file), ...programs])
  return packages.flatMap((name) =>
    namespaces(program, name).flatMap(({ exports, module }) =>
      exports.map((symbol) => ({
        place: `${name} ${module.name}.${symbol.name}`,
        isDocumented: isDocumented(symbol),
        isValue: (symbol.flags & ts.SymbolFlags.Value) !== 0,
        isConstantOfKernel: name === "protocol" && !isCalled(checker, symbol),
        isShown: shown.has(symbol)
      }))
    )
  )
}

/** The sources of the modules which the barrels export, relative to the root. */
export const publicModules = (program: ts.Program): ReadonlyArray<string> =>
  packages.flatMap((name) =>
    namespaces(program, name).flatMap(({ module, resolved }) =>
      (resolved(module).declarations ?? []).map((each) => path.relative(root, each.getSourceFile().fileName))
    )
  )
