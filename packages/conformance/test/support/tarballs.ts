/** The published packages as npm would publish them, and a project which installs them without any network. */
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import { createRequire } from "node:module"
import * as path from "node:path"
import { published, root } from "./workspace.js"

const npm = (args: ReadonlyArray<string>, cwd: string): string =>
  execFileSync("npm", args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] })

/** Builds all packages, and packs them into `folder`: the tarballs, by the names of their packages. */
export const packAll = (folder: string): ReadonlyMap<string, string> => {
  const projects = published.map((each) => `packages/${each.folder}/tsconfig.src.json`)
  execFileSync(process.execPath, ["node_modules/typescript/bin/tsc", "-b", ...projects], { cwd: root })
  const workspaces = published.flatMap(({ name }) => ["--workspace", name])
  const printed = npm(["pack", "--json", "--ignore-scripts", "--pack-destination", folder, ...workspaces], root)
  const packed: ReadonlyArray<{ readonly name: string; readonly filename: string }> = Object.values(JSON.parse(printed))
  return new Map(packed.map(({ filename, name }) => [name, path.join(folder, filename)]))
}

interface Manifest {
  readonly name: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>
}

const manifestOf = (folder: string): Manifest => JSON.parse(fs.readFileSync(path.join(folder, "package.json"), "utf8"))

/** What a package needs: its dependencies, and the peers that are not optional. */
const needs = (manifest: Manifest): ReadonlyArray<string> => [
  ...Object.keys(manifest.dependencies ?? {}),
  ...Object.keys(manifest.peerDependencies ?? {}).filter(
    (name) => manifest.peerDependenciesMeta?.[name]?.optional !== true
  )
]

/** The folder of an installed package, as Node.js finds it from `from`. */
const installed = (name: string, from: string): string => {
  const { paths } = createRequire(path.join(from, "package.json")).resolve as never as {
    readonly paths: (request: string) => ReadonlyArray<string>
  }
  const found = paths(name)
    .map((folder) => path.join(folder, name))
    .find((folder) => fs.existsSync(folder))
  if (found === undefined) throw new Error(`${name} is not installed`)
  return fs.realpathSync(found)
}

/** All packages of others that ours need, with those that they need. */
const foreign = (): ReadonlySet<string> => {
  const found = new Set<string>()
  const visit = (folder: string): void => {
    for (const name of needs(manifestOf(folder))) {
      if (published.some((each) => each.name === name)) continue
      const next = installed(name, folder)
      if (found.has(next)) continue
      found.add(next)
      visit(next)
    }
  }
  for (const { folder } of published) visit(path.join(root, "packages", folder))
  return found
}

/** An installed package as a tarball, not compressed: npm takes it, and it is quick. */
const archive = (folder: string, target: string): string => {
  const options = [
    "--create",
    "--exclude=./node_modules",
    "--exclude=./src",
    "--exclude=./dist/cjs",
    "--exclude=*.map",
    "--transform=s,^\\.,package,"
  ]
  execFileSync("tar", [...options, "--file", target, "--directory", folder, "."])
  return target
}

/** Installs the tarballs into an empty project, with npm as a user would; what they need comes from our own node_modules. */
export const installAll = (project: string, tarballs: ReadonlyMap<string, string>): void => {
  const ours = [...tarballs].map(([name, file]) => [name, `file:${file}`])
  const others = [...foreign()].map((folder, at) => [
    manifestOf(folder).name,
    `file:${archive(folder, path.join(project, `${at}.tgz`))}`
  ])
  const dependencies = Object.fromEntries([...others, ...ours])
  fs.writeFileSync(path.join(project, "package.json"), JSON.stringify({ private: true, type: "module", dependencies }))
  npm(["install", "--offline", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"], project)
}
