import * as path from "node:path"
import * as CloseCode from "@effect-websocket/protocol/control/CloseCode"
import { describe, expect, it } from "vitest"
import { published, read, repositoryFiles, sources } from "../support/workspace.js"

/** Joined here, so that this file does not mention what it forbids. */
const slashed = (...parts: ReadonlyArray<string>): string => parts.join("/")
const machine = [
  slashed("..", "shared"),
  ...["tmp", "work", "farm", "root", "home", "Users"].map((folder) => slashed("", folder, ""))
]

/** What compilers and package managers write, and what is no text. */
const isWritten = (file: string): boolean =>
  file !== "package-lock.json" && /\.(ts|js|mjs|json|md|sh|yml|yaml|html)$/.test(file)

const matches = (pattern: RegExp): ReadonlyArray<string> =>
  sources().flatMap((file) => [...read(file).matchAll(pattern)].map((match) => `${file}: ${match[1] ?? match[0]}`))

describe("names", () => {
  it("nothing in the repository mentions a place of one machine, or what is not part of the project", () => {
    const found = repositoryFiles()
      .filter(isWritten)
      .flatMap((file) => machine.filter((place) => read(file).includes(place)).map((place) => `${file}: ${place}`))
    expect(found).toEqual([])
  })

  it("a file is named after its one concept, never a dumping ground", () => {
    const dumping = /^(utils?|helpers?|common|misc|shared|lib|internal|types|constants)$/i
    const parts = (file: string) => file.replace(/\.ts$/, "").split("/").slice(3)
    expect(sources().filter((file) => parts(file).some((part) => dumping.test(part)))).toEqual([])
  })

  it("folders begin with a small letter, and no two files differ only in case", () => {
    const folders = sources().map((file) => path.posix.dirname(file).split("/").slice(3))
    expect(folders.flat().filter((folder) => !/^[a-z][A-Za-z]*$/.test(folder))).toEqual([])
    const lower = sources().map((file) => file.toLowerCase())
    expect(lower.filter((file, index) => lower.indexOf(file) !== index)).toEqual([])
  })

  it("a class stands in a file whose name it begins with, or in one that gathers its kind", () => {
    const gathering = ["WebSocketError.ts", "ExitCode.ts", "Script.ts", "FailingTransport.ts"]
    const wrong = sources()
      .filter((file) => !gathering.includes(path.posix.basename(file)))
      .flatMap((file) =>
        [...read(file).matchAll(/^export class (\w+)/gm)]
          .map((match) => match[1]!)
          .filter((name) => !name.startsWith(path.posix.basename(file, ".ts")) && !file.includes("/testing/"))
          .map((name) => `${file}: ${name}`)
      )
    expect(wrong).toEqual([])
  })

  it("a tag's key is unique, and begins with the name of its package", () => {
    const keys = matches(/(?:Context\.Tag|Context\.Reference<\w+>\(\))\(\s*"([^"]+)"/g)
    const bare = keys.map((key) => key.split(": ")[1]!)
    expect(new Set(bare).size).toBe(bare.length)
    expect(bare.filter((key) => !published.some(({ name }) => key.startsWith(`${name}/`)))).toEqual([])
  })

  it("an error's tag is the name of its class", () => {
    const classes = sources().flatMap((file) => [
      ...read(file).matchAll(/class (\w+) extends Data\.TaggedError\("(\w+)"\)/g)
    ])
    expect(classes.length).toBeGreaterThan(5)
    expect(classes.filter(([, name, tag]) => name !== tag).map(([text]) => text)).toEqual([])
  })

  it("close codes carry the names of the IANA registry in full (RFC 6455 §7.4.1, §11.7)", () => {
    expect(CloseCode.CloseCode).toEqual({
      NormalClosure: 1000,
      GoingAway: 1001,
      ProtocolError: 1002,
      UnsupportedData: 1003,
      NoStatusRcvd: 1005,
      AbnormalClosure: 1006,
      InvalidFramePayloadData: 1007,
      PolicyViolation: 1008,
      MessageTooBig: 1009,
      MandatoryExtension: 1010,
      InternalError: 1011,
      ServiceRestart: 1012,
      TryAgainLater: 1013,
      BadGateway: 1014,
      TlsHandshake: 1015
    })
  })

  it("nothing is left undone in the sources", () => {
    const undone = new RegExp(["TODO", "FIXME", "XXX", "HACK", "@since", "ts-ignore"].join("|"), "g")
    expect(matches(undone)).toEqual([])
  })
})
