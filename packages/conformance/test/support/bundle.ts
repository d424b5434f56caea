/** A program for a browser: one script made of a module and all that it imports, from the sources of the workspace. */
import { fileURLToPath } from "node:url"
import { build } from "esbuild"

const options = {
  bundle: true,
  minify: true,
  format: "iife" as const,
  platform: "browser" as const,
  target: "es2022",
  conditions: ["@effect-websocket/source"],
  write: false as const
}

/** The script, as an application would ship it. Fails when something in it needs Node.js. */
export const bundle = async (entry: string): Promise<string> => {
  const { outputFiles } = await build({ ...options, entryPoints: [entry] })
  return outputFiles[0]?.text ?? ""
}

/** The sources of the workspace of which something is left in the bundle of this code. */
export const inputsOf = async (code: string): Promise<ReadonlyArray<string>> => {
  const stdin = { contents: code, resolveDir: fileURLToPath(new URL(".", import.meta.url)) }
  const { metafile } = await build({ ...options, stdin, metafile: true as const })
  const inputs = Object.values(metafile.outputs).flatMap((output) => Object.entries(output.inputs))
  return inputs
    .filter(([file, { bytesInOutput }]) => bytesInOutput > 0 && /packages\/\w+\/src\//.test(file))
    .map(([file]) => file)
}
