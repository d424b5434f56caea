/**
 * Recovers from one reason of one tag: what Effect 4 has built in.
 */
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"

interface Reasoned {
  readonly _tag: string
  readonly reason: { readonly _tag: string }
}

type TagOf<E> = E extends Reasoned ? E["_tag"] : never

type ErrorOf<E, Tag> = E extends Reasoned & { readonly _tag: Tag } ? E : never

type ReasonOf<E, Tag, Reason> = Extract<ErrorOf<E, Tag>["reason"], { readonly _tag: Reason }>

/**
 * Handles the failures that have this tag and this reason; all others stay, and so does the tag in the type, since it has
 * other reasons. The handler gets the reason with all its fields, and the whole error.
 */
export const catchReason: {
  <E, const Tag extends TagOf<E>, const Reason extends ErrorOf<E, Tag>["reason"]["_tag"], A2, E2, R2>(
    tag: Tag,
    reason: Reason,
    handler: (reason: NoInfer<ReasonOf<E, Tag, Reason>>, error: NoInfer<ErrorOf<E, Tag>>) => Effect.Effect<A2, E2, R2>
  ): <A, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A | A2, E | E2, R | R2>
  <A, E, R, const Tag extends TagOf<E>, const Reason extends ErrorOf<E, Tag>["reason"]["_tag"], A2, E2, R2>(
    self: Effect.Effect<A, E, R>,
    tag: Tag,
    reason: Reason,
    handler: (reason: NoInfer<ReasonOf<E, Tag, Reason>>, error: NoInfer<ErrorOf<E, Tag>>) => Effect.Effect<A2, E2, R2>
  ): Effect.Effect<A | A2, E | E2, R | R2>
} = dual(
  4,
  <A, E, R>(
    self: Effect.Effect<A, E, R>,
    tag: string,
    reason: string,
    handler: (reason: unknown, error: unknown) => Effect.Effect<unknown, unknown, unknown>
  ) =>
    Effect.catchAll(self, (error) => {
      const failed = error as unknown as Reasoned
      return failed._tag === tag && failed.reason._tag === reason ? handler(failed.reason, error) : Effect.fail(error)
    })
)
