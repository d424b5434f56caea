/** The pages of the documentation: their code blocks as files, and their links. */
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"

export const root = fileURLToPath(new URL("../../../../", import.meta.url))

const below = (folder: string): ReadonlyArray<string> =>
  fs
    .readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" })
    .map((file) => path.posix.join(folder, file.split(path.sep).join("/")))
    .filter((file) => file.endsWith(".md") && !file.includes("/node_modules/") && !file.includes("/dist/"))

const readmes = fs
  .readdirSync(path.join(root, "packages"))
  .map((folder) => `packages/${folder}/README.md`)
  .filter((file) => fs.existsSync(path.join(root, file)))

/** Every page a user reads, relative to the root. */
export const pages: ReadonlyArray<string> = [
  ...new Set(["README.md", "CONTRIBUTING.md", "SECURITY.md", ...readmes, ...below("packages/docs")])
].sort()

const read = (page: string): string => fs.readFileSync(path.join(root, page), "utf8")

/** A block of TypeScript. Its name is its place, or what its first line says: `// server.ts`. */
export interface Block {
  readonly page: string
  readonly line: number
  readonly file: string
  readonly code: string
  /** What it prints, line by line: the comments `// prints: …`. */
  readonly prints: ReadonlyArray<string>
}

/** Ignored by git, and within the package, so that the workspace is found from there. */
const folder = path.join(root, "packages/docs/dist/blocks")

const named = /^\/\/ (\w+)\.ts$/
const printed = /\/\/ prints: (.*)$/gm

export const blocksOf = (page: string, into = folder): ReadonlyArray<Block> => {
  const blocks: Array<Block> = []
  let begin = -1
  const lines = read(page).split("\n")
  for (const [at, text] of lines.entries()) {
    if (begin < 0) {
      if (text === "```ts") begin = at + 1
    } else if (text === "```") {
      const name = named.exec(lines[begin] ?? "")?.[1] ?? `line${begin + 1}`
      const code = lines.slice(begin, at).join("\n")
      const prints = [...code.matchAll(printed)].map((match) => match[1] ?? "")
      blocks.push({ page, line: begin + 1, file: path.join(into, page, `${name}.ts`), code, prints })
      begin = -1
    }
  }
  return blocks
}

export const blocks: ReadonlyArray<Block> = pages.flatMap((page) => blocksOf(page))

/** Writes all blocks anew; into another folder for a test that is not to take them away from this one. */
export const writeBlocks = (all = blocks, into = folder): void => {
  fs.rmSync(into, { recursive: true, force: true })
  for (const { code, file } of all) {
    fs.mkdirSync(path.dirname(file), { recursive: true })
    fs.writeFileSync(file, `${code}\n\nexport {}\n`)
  }
}

/** Links to files of the repository which are not there. */
export const deadLinks = (page: string): ReadonlyArray<string> =>
  [...read(page).matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => (match[1] ?? "").replace(/#.*$/, ""))
    .filter((target) => target !== "" && !/^[a-z]+:/.test(target))
    .filter((target) => !fs.existsSync(path.join(root, path.dirname(page), target)))
