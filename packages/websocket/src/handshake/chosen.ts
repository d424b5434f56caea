/** The compression that the options of a connection choose, and who does it. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import {
  Compression,
  type CompressionChoice,
  type CompressionService,
  type CompressionSettings,
  resolve
} from "../Compression.js"
import { here } from "../host/inContext.js"
import { OptionError } from "../WebSocketError.js"
import { atOnce, Direct } from "../waiting/Direct.js"
import { andThen, type OrEffect } from "../waiting/orEffect.js"

const noService = new OptionError({
  option: "compression",
  rule: "the service Compression is provided, for instance by NodeCompression.layer"
})

/** How it is wanted, and by whom it is done. */
export interface ChosenCompression extends CompressionSettings, CompressionService {}

/** What was chosen; `undefined`: it is not wanted. Without the service it cannot be: an `OptionError`. */
export const chosenIn = (
  context: Context.Context<never>,
  choice: CompressionChoice = false
): OrEffect<ChosenCompression | undefined, OptionError> => {
  if (choice === false) return undefined
  const service = Context.getOption(context, Compression)
  if (Option.isNone(service)) return Effect.fail(noService)
  return andThen(atOnce(resolve(choice === true ? {} : choice)), (settings) => ({ ...settings, ...service.value }))
}

/** As `chosenIn`, in the context of the fiber. */
export const chosen = (choice?: CompressionChoice): Effect.Effect<ChosenCompression | undefined, OptionError> =>
  new Direct(() => chosenIn(here<never>().context, choice))
