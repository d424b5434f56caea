/**
 * Completes package-lock.json: `node packages/docs/commands/lock.js`, to be run after a change of dependencies.
 *
 * npm leaves out optional packages of other platforms when it has node_modules at hand, or a registry that lacks them
 * (https://github.com/npm/cli/issues/4828); then `npm ci` refuses the file. They are added without integrity: npm installs
 * none of them but the one of its own platform.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { pathToFileURL } from "node:url"
import { root } from "./install.js"

const systems = ["aix", "android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "sunos", "win32"]
const processors = ["arm", "arm64", "ia32", "loong64", "mips64el", "ppc64", "riscv64", "s390x", "wasm32", "x64"]

/** An entry as npm writes it; the platform is what the name says, such as `@rollup/rollup-linux-x64-musl`. */
const entry = (name, version, dev) => {
  const parts = name.split(/[/-]/)
  const os = systems.filter((system) => parts.includes(system))
  const cpu = processors.filter((processor) => parts.includes(processor))
  return {
    version,
    ...(cpu.length > 0 && { cpu }),
    ...(dev && { dev }),
    ...(parts.includes("musl") && { libc: ["musl"] }),
    optional: true,
    ...(os.length > 0 && { os })
  }
}

/** Entries that other entries name as optional, and which are not there. */
export const missing = (packages) =>
  Object.entries(packages).flatMap(([place, { dev, optionalDependencies = {} }]) =>
    Object.entries(optionalDependencies)
      .filter(([name]) => !(`node_modules/${name}` in packages) && !(`${place}/node_modules/${name}` in packages))
      .map(([name, version]) => [`node_modules/${name}`, entry(name, version, dev)])
  )

/** The lock file with what was missing, in the order of npm. */
const completed = (lock) => {
  const entries = [...Object.entries(lock.packages), ...missing(lock.packages)]
  const sorted = entries.sort(([a], [b]) => a.localeCompare(b, "en"))
  return { ...lock, packages: Object.fromEntries(sorted) }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const file = `${root}package-lock.json`
  const lock = JSON.parse(readFileSync(file, "utf8"))
  console.log(`${missing(lock.packages).length} entries are missing`)
  writeFileSync(file, `${JSON.stringify(completed(lock), undefined, 2)}\n`)
}
