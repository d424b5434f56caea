/** All that is fuzzed: every decoder of the kernel. */
import { closePayloads, frames, messages } from "./frames.js"
import { bodies, requests, responses } from "./heads.js"
import type { Target } from "./Target.js"
import { base64, tls, utf8 } from "./text.js"
import { extensions, lists, uris } from "./values.js"

export const targets: ReadonlyArray<Target> = [
  ...[messages, frames, closePayloads],
  ...[requests, responses, bodies],
  ...[extensions, uris, lists],
  ...[utf8, base64, tls]
]
