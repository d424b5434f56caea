/**
 * Boost.Beast as a peer: its server is compiled here, once, when a C++ compiler and the headers of Boost are present.
 *
 * Headers which are not where the compiler looks are found by CPLUS_INCLUDE_PATH, as the compiler documents it.
 */
import { execFileSync, spawnSync } from "node:child_process"
import { existsSync, mkdirSync, statSync } from "node:fs"
import { fileURLToPath } from "node:url"
import type { Program } from "./load/MeasuredProcess.js"

const source = fileURLToPath(new URL("../native/beast.cpp", import.meta.url))
const folder = fileURLToPath(new URL("../dist/native/", import.meta.url))
const binary = `${folder}beast`
const compiler = process.env.CXX ?? "g++"

const preprocess = (text: string) =>
  spawnSync(compiler, ["-x", "c++", "-E", "-P", "-"], { input: text, encoding: "utf8" })

/** The version of Boost, or why there is none. */
const boost = (): { readonly version: string } | string => {
  const { error, status, stdout } = preprocess(
    "#include <boost/beast/version.hpp>\n#include <boost/version.hpp>\nBOOST_LIB_VERSION\n"
  )
  if (error !== undefined) return "no C++ compiler"
  if (status !== 0) return "no headers of Boost"
  return { version: stdout.trim().split("\n").at(-1)!.replaceAll('"', "").replaceAll("_", ".") }
}

const isBuilt = (): boolean => existsSync(binary) && statSync(binary).mtimeMs > statSync(source).mtimeMs

const build = (): string | undefined => {
  if (isBuilt()) return undefined
  console.log("compiling the server of Beast …")
  mkdirSync(folder, { recursive: true })
  try {
    execFileSync(compiler, ["-std=c++17", "-O2", "-DNDEBUG", "-o", binary, source, "-lpthread", "-lz"], {
      stdio: "pipe"
    })
    return undefined
  } catch (cause) {
    return `Beast did not compile: ${String((cause as { stderr?: unknown }).stderr ?? cause).slice(0, 500)}`
  }
}

let result: Program | string | undefined

/** The version to be named in results; undefined: it is not there. */
export const version = (): string | undefined => {
  const found = boost()
  return typeof found === "string" ? undefined : found.version
}

/** How to start the server, or the reason why that is not possible. Compiles it if need be. */
export const program = (): Program | string => {
  if (result === undefined) {
    const found = boost()
    const problem = typeof found === "string" ? found : build()
    result = problem ?? { command: binary, args: [], env: {} }
  }
  return result
}
