/** A Stream over batches that are pulled: one chunk for each batch, half of the cost of `Stream.fromPull`. */
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Channel from "effect/Channel"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

/** Emits what `pull` gives until it fails; a failure for which `isEnd` holds is the normal end. */
export const batchStream = <A, E, R = never>(
  pull: Effect.Effect<NonEmptyReadonlyArray<A>, E, R>,
  isEnd: (error: E) => boolean
): Stream.Stream<A, E, R> => {
  const next = Effect.catchAll(pull, (error) => (isEnd(error) ? Effect.succeed(undefined) : Effect.fail(error)))
  const loop: Channel.Channel<Chunk.Chunk<A>, unknown, E, unknown, unknown, unknown, R> = Channel.flatMap(
    Channel.fromEffect(next),
    (batch) =>
      batch === undefined
        ? Channel.void
        : Channel.flatMap(Channel.write<Chunk.Chunk<A>>(Chunk.unsafeFromArray(batch)), () => loop)
  )
  return Stream.fromChannel(loop)
}
