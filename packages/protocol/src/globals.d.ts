/**
 * All that the kernel asks of its host besides ES2022: the Encoding Standard's decoder and encoder of UTF-8, and, where it is
 * allowed, WebAssembly. Node.js, Bun, Deno and browsers have them.
 */
declare class TextDecoder {
  constructor(label: "utf-8", options: { readonly fatal: boolean; readonly ignoreBOM: boolean })
  decode(octets: Uint8Array): string
}
declare class TextEncoder {
  encode(text: string): Uint8Array
  encodeInto(text: string, target: Uint8Array): { readonly read: number; readonly written: number }
}
declare namespace WebAssembly {
  class Module {
    constructor(binary: Uint8Array)
  }
  class Instance {
    constructor(module: Module)
    readonly exports: Readonly<Record<string, unknown>>
  }
}
