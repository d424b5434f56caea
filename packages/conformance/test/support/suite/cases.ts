/** All cases of the suite. */
import type { Case } from "./Case.js"
import { closing } from "./closing.js"
import { deflate } from "./deflate.js"
import { fragmentation } from "./fragmentation.js"
import { framing } from "./framing.js"
import { loads } from "./loads.js"
import { utf8 } from "./utf8.js"

export const cases: ReadonlyArray<Case> = [...framing, ...fragmentation, ...utf8, ...closing, ...loads, ...deflate]
