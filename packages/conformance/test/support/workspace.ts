/** The files of the repository, as the architecture tests see them. */
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"

export const root = fileURLToPath(new URL("../../../../", import.meta.url))

/** Every file that is or would be committed, relative to the root. */
export const repositoryFiles = (): ReadonlyArray<string> =>
  execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "-z"], { cwd: root, encoding: "utf8" })
    .split("\0")
    .filter((file) => file !== "" && fs.existsSync(path.join(root, file)))

export const read = (file: string): string => fs.readFileSync(path.join(root, file), "utf8")

/** The packages that are published, from the lowest to the highest, with their names. */
export const published: ReadonlyArray<{ readonly folder: string; readonly name: string }> = fs
  .readdirSync(path.join(root, "packages"))
  .map((folder) => ({ folder, manifest: JSON.parse(read(`packages/${folder}/package.json`)) }))
  .filter(({ manifest }) => manifest.private !== true)
  .map(({ folder, manifest }) => ({ folder, name: manifest.name as string }))

/** The TypeScript files below a folder, relative to the folder. */
export const typeScriptFiles = (folder: string): ReadonlyArray<string> => {
  const absolute = path.join(root, folder)
  if (!fs.existsSync(absolute)) return []
  return fs
    .readdirSync(absolute, { recursive: true, encoding: "utf8" })
    .map((file) => file.split(path.sep).join("/"))
    .filter((file) => file.endsWith(".ts"))
    .sort()
}

/** The sources of all published packages, relative to the root. */
export const sources = (): ReadonlyArray<string> =>
  published.flatMap(({ folder }) => typeScriptFiles(`packages/${folder}/src`).map((f) => `packages/${folder}/src/${f}`))
