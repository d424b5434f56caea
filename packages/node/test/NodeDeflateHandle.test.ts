import { describe, expect, it } from "vitest"
import { keepTheirWord, NodeDeflateHandle, ofHandle } from "../src/NodeDeflateHandle.js"
import { ofPublic } from "../src/NodeDeflatePublic.js"
import type { NodeDeflateStream } from "../src/NodeDeflateStream.js"

const altered = (change: (stream: NodeDeflateStream) => Partial<NodeDeflateStream>) => ({
  deflate: ofHandle.deflate,
  inflate: (windowBits: number): NodeDeflateStream => {
    const stream = ofHandle.inflate(windowBits)
    const own = {
      get availIn() {
        return stream.availIn
      },
      get availOut() {
        return stream.availOut
      },
      write: stream.write.bind(stream),
      reset: () => stream.reset(),
      close: () => stream.close()
    }
    return Object.assign(own, change(stream))
  }
})

describe("the inside of Node's zlib streams", () => {
  it("is there in this version, and does what is relied on", () => {
    expect(keepTheirWord(ofHandle)).toBe(true)
  })

  it("what replaces it does the same", () => {
    expect(keepTheirWord(ofPublic)).toBe(true)
    expect(keepTheirWord(altered(() => ({})))).toBe(true)
  })

  it("is not used when it is missing, or when it does something else", () => {
    const missing = () => new NodeDeflateHandle({} as never)
    expect(missing).toThrow("this version of Node.js")
    expect(keepTheirWord({ deflate: missing, inflate: missing })).toBe(false)
    expect(keepTheirWord(altered(() => ({ write: () => true })))).toBe(false)
    const deaf = altered((stream) => ({
      write: (...args) => {
        stream.write(...args)
        return true
      }
    }))
    expect(keepTheirWord(deaf)).toBe(false)
  })
})
