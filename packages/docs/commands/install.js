/**
 * The first step of `npm start` and `npm test`: installs what the lock file says, when that is not there yet.
 *
 * Plain JavaScript without any dependency, since it runs before there are any. It does nothing when node_modules is at
 * least as new as package-lock.json.
 */
import { spawnSync } from "node:child_process"
import { statSync } from "node:fs"
import { fileURLToPath, pathToFileURL } from "node:url"

/** The root of the repository. */
export const root = fileURLToPath(new URL("../../../", import.meta.url))

/** What `engines` of package.json says. */
const oldest = [20, 19]

const isTooOld = (version) => {
  const [major, minor] = version.split(".").map(Number)
  return major < oldest[0] || (major === oldest[0] && minor < oldest[1])
}

const modified = (folder, file) => statSync(new URL(file, folder), { throwIfNoEntry: false })?.mtimeMs

/** Whether node_modules of `folder` (which ends in a slash) is older than its lock file, or missing. */
export const isOutdated = (folder) => {
  const base = pathToFileURL(folder)
  const installed = modified(base, "node_modules/.package-lock.json")
  return installed === undefined || installed < modified(base, "package-lock.json")
}

/** The npm that runs us, else the one of the PATH. */
const npm = () => {
  const path = process.env.npm_execpath
  return path?.endsWith("npm-cli.js") ? [process.execPath, path] : ["npm"]
}

/** Installs if need be; the process ends when that is not possible. */
export const install = () => {
  if (isTooOld(process.versions.node)) {
    console.error(`Node.js ${oldest.join(".")} or newer is needed, this is ${process.versions.node}`)
    process.exit(1)
  }
  if (!isOutdated(root)) return
  console.log("Installing what package-lock.json says (npm ci) …")
  const [command, ...before] = npm()
  const { error, status } = spawnSync(command, [...before, "ci"], {
    cwd: root,
    stdio: "inherit",
    shell: command === "npm" && process.platform === "win32"
  })
  if (error === undefined && status === 0) return
  console.error(`npm ci failed${error === undefined ? "" : `: ${error.message}`}`)
  process.exit(1)
}
