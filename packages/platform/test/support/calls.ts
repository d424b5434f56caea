/** The procedures that the tests of RPC call, what the server does for them, and what of it can be seen. */
import * as Headers from "@effect/platform/Headers"
import * as Rpc from "@effect/rpc/Rpc"
import * as RpcClient from "@effect/rpc/RpcClient"
import * as RpcGroup from "@effect/rpc/RpcGroup"
import * as RpcMiddleware from "@effect/rpc/RpcMiddleware"
import * as RpcServer from "@effect/rpc/RpcServer"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { Connection } from "../../src/PlatformSocket.js"

export class NotFound extends Schema.TaggedError<NotFound>()("NotFound", { id: Schema.Number }) {}

export class CurrentUser extends Context.Tag("test/CurrentUser")<CurrentUser, { readonly name: string }>() {}

/** Who calls is known by the header `authorization`, of the call or of the handshake. */
export class Authorization extends RpcMiddleware.Tag<Authorization>()("test/Authorization", {
  provides: CurrentUser,
  failure: Schema.String,
  requiredForClient: true
}) {}

/** Is around each call, and sees how it ends. */
export class Watched extends RpcMiddleware.Tag<Watched>()("test/Watched", { wrap: true }) {}

export class User extends Schema.Class<User>("User")({ id: Schema.Number, name: Schema.String }) {}

export const group = RpcGroup.make(
  Rpc.make("Double", { payload: { value: Schema.Number }, success: Schema.Number }),
  Rpc.make("Octets", { payload: { octets: Schema.Uint8ArrayFromBase64 }, success: Schema.Uint8ArrayFromBase64 }),
  Rpc.make("Find", { payload: { id: Schema.Number }, success: Schema.String, error: NotFound }),
  Rpc.make("FindUser", { payload: { id: Schema.Number }, success: Schema.Option(User) }),
  Rpc.make("deep.Double", { payload: { value: Schema.Number }, success: Schema.Number }),
  Rpc.make("Break", { success: Schema.Void }),
  Rpc.make("BreakWithError", { success: Schema.Void }).middleware(Watched),
  Rpc.make("Pass", { success: Schema.Void }).middleware(Watched),
  Rpc.make("Hang", { success: Schema.Void }),
  Rpc.make("Count", { payload: { to: Schema.Number }, success: Schema.Number, error: NotFound, stream: true }),
  Rpc.make("Endless", { success: Schema.String, stream: true }),
  Rpc.make("Drop", { success: Schema.Void }),
  Rpc.make("WhoAmI", { success: Schema.String }).middleware(Authorization)
)

/** What the server did. */
export class Seen extends Context.Tag("test/Seen")<Seen, { readonly events: Queue.Queue<string>; produced: number }>() {
  static readonly layer = Layer.effect(
    Seen,
    Effect.map(Queue.unbounded<string>(), (events) => ({ events, produced: 0 }))
  )
}

const handlers = group.toLayer(
  Effect.gen(function* () {
    const seen = yield* Seen
    const until = (name: string) =>
      Effect.zipRight(seen.events.offer(`${name} begun`), Effect.never).pipe(
        Effect.onInterrupt(() => seen.events.offer(`${name} interrupted`))
      )
    return group.of({
      Double: ({ value }) => Effect.succeed(value * 2),
      Octets: ({ octets }) => Effect.succeed(octets),
      Find: ({ id }) => (id === 1 ? Effect.succeed("one") : Effect.fail(new NotFound({ id }))),
      FindUser: ({ id }) => Effect.succeed(id === 1 ? Option.some(new User({ id, name: "one" })) : Option.none()),
      "deep.Double": ({ value }) => Effect.succeed(value * 2),
      Break: () => Effect.die("broken"),
      BreakWithError: () => Effect.die(new Error("broken, with details")),
      Pass: () => Effect.void,
      Hang: () => until("Hang"),
      Count: ({ to }) =>
        Stream.concat(Stream.range(1, Math.abs(to)), to < 0 ? Stream.fail(new NotFound({ id: to })) : Stream.empty),
      Endless: () =>
        Stream.repeatEffect(
          Effect.sync(() => {
            seen.produced++
            return "x".repeat(1000)
          })
        ).pipe(Stream.ensuring(seen.events.offer("Endless ended"))),
      Drop: () =>
        Effect.flatMap(Effect.serviceOption(Connection), (ws) =>
          Effect.orDie(Effect.zipRight(Option.getOrThrow(ws).close(1012, "restart"), Effect.never))
        ),
      WhoAmI: () => Effect.map(CurrentUser, ({ name }) => name)
    })
  })
)

const authorization = Layer.succeed(
  Authorization,
  Authorization.of(({ headers }) => {
    const name = headers.authorization
    return name === undefined ? Effect.fail("who?") : Effect.succeed({ name })
  })
)

const watched = Layer.effect(
  Watched,
  Effect.map(Seen, ({ events }) =>
    Watched.of(({ next, rpc }) => Effect.onExit(next, ({ _tag }) => events.offer(`${rpc._tag} ${_tag}`)))
  )
)

/** The server, over whatever protocol. */
export const server = RpcServer.layer(group, { disableFatalDefects: true }).pipe(
  Layer.provide(handlers),
  Layer.provide(authorization),
  Layer.provide(watched)
)

/** What a client says of itself in each call. */
export const says = (name?: string) =>
  RpcMiddleware.layerClient(Authorization, ({ request }) =>
    Effect.succeed(
      name === undefined ? request : { ...request, headers: Headers.set(request.headers, "authorization", name) }
    )
  )

export const client = RpcClient.make(group)
