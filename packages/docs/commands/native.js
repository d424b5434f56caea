/**
 * Compiles a C++ program that uses Boost: `node packages/docs/commands/native.js <source> [<flag> …]` prints the path of the
 * program. With `--boost` it prints the version of Boost instead.
 *
 * A program is compiled once for each source, compiler, version of Boost and flags, into `dist/native` of its package; who
 * asks meanwhile waits. The compiler is CXX, else g++; headers elsewhere are found by CPLUS_INCLUDE_PATH, as it documents.
 */
import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readFileSync } from "node:fs"
import { basename, dirname, join, resolve } from "node:path"

const compiler = process.env.CXX ?? "g++"

/** The tests are for what Boost asserts as well: the flags of the caller come behind these. */
const flags = ["-std=c++17", "-O1", "-Wall", "-Wextra"]

/** Ends the process with the reason why there is no program. */
const fail = (reason) => {
  console.error(reason)
  process.exit(1)
}

const probe = "#include <boost/beast/version.hpp>\n#include <boost/version.hpp>\n"

/** The versions of the compiler and of Boost; what is missing is named with the package of Debian that has it. */
const versions = () => {
  const input = `${probe}__VERSION__\nBOOST_LIB_VERSION\n`
  const { status, stdout } = spawnSync(compiler, ["-x", "c++", "-E", "-P", "-"], { input, encoding: "utf8" })
  if (status === null) fail(`no C++ compiler ${compiler}: install Debian's package g++`)
  if (status !== 0) fail("no headers of Boost.Beast: install Debian's package libboost-dev")
  const [compilerVersion, boost] = stdout.trim().split("\n").slice(-2)
  return { compilerVersion, boost: boost.replaceAll('"', "").replaceAll("_", ".") }
}

/** The lock is the system's, so that it ends with who holds it; the program appears when it is whole. */
const compileOnce = 'test -x "$0" || { "$@" -o "$0.new" && mv "$0.new" "$0"; }'

const compile = (source, more) => {
  const { boost, compilerVersion } = versions()
  const hash = createHash("sha256").update(JSON.stringify([boost, compilerVersion, flags, more]))
  const name = `${basename(source, ".cpp")}-${hash.update(readFileSync(source)).digest("hex").slice(0, 16)}`
  const program = join(dirname(source), "../dist/native", name)
  if (existsSync(program)) return program
  mkdirSync(dirname(program), { recursive: true })
  const command = [compiler, ...flags, ...more, source, "-lpthread"]
  const { error, status } = spawnSync("flock", [`${program}.lock`, "sh", "-c", compileOnce, program, ...command], {
    stdio: ["ignore", "ignore", "inherit"]
  })
  if (error !== undefined) fail("no flock: install Debian's package util-linux")
  if (status !== 0) fail(`${source} did not compile`)
  return program
}

const [source = fail("which source?"), ...more] = process.argv.slice(2)
console.log(source === "--boost" ? versions().boost : compile(resolve(source), more))
