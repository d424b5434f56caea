/**
 * A client that is sent elsewhere (RFC 6455 §4.1): attempts one after the other, each on a connection of its own.
 *
 * Which redirects may be followed is decided by the kernel, and then by the application. What is a credential goes to no other
 * origin than the first one, and never again once that was left.
 */
import * as Redirect from "@effect-websocket/protocol/handshake/Redirect"
import type { WebSocketUri } from "@effect-websocket/protocol/handshake/WebSocketUri"
import { Fields } from "@effect-websocket/protocol/http/Fields"
import * as Effect from "effect/Effect"
import { HandshakeError, type HandshakeReason, OptionError } from "../WebSocketError.js"
import { type OrEffect, orEffect } from "../waiting/orEffect.js"
import type { HandshakeFailure, RequestOptions } from "./HandshakeOptions.js"

/** A redirect that was followed, or would be. */
export type Redirection = Redirect.Redirection

/** Which redirects are followed. */
export interface RedirectOptions<E = never, R = never> {
  /** How many may come one after the other. */
  readonly max: number
  /** Whether to follow this one; asked before there is a connection for it. */
  readonly allow: (redirection: Redirection) => OrEffect<boolean, E, R>
}

/** How many redirects are followed, or which. */
export type Redirects<E = never, R = never> = number | RedirectOptions<E, R>

type Way = ReadonlyArray<Redirection>

/** One attempt: the handshake at a URI, after the redirects of `way`. */
export type Attempt<A, E, R, S> = (
  uri: WebSocketUri,
  options: RequestOptions<E, R>,
  way: Way
) => Effect.Effect<A, HandshakeFailure | E, R | S>

const all = () => true

const normalised = <E, R>(redirects: Redirects<E, R> = 0): RedirectOptions<E, R> =>
  typeof redirects === "number" ? { max: redirects, allow: all } : redirects

/** What is asked for at another origin. A decorator may not have the credentials for it either. */
const elsewhere = <E, R>(options: RequestOptions<E, R>): RequestOptions<E, R> => {
  const { decorateRequest, fields = Fields.empty } = options
  const safe = { ...options, fields: Redirect.withoutCredentials(Fields.from(fields)) }
  if (decorateRequest === undefined) return safe
  return {
    ...safe,
    decorateRequest: (head) =>
      Effect.map(orEffect(decorateRequest(head)), (more) => Redirect.withoutCredentials(Fields.from(more)))
  }
}

/** A refusal that sends the client elsewhere. */
type Redirected = HandshakeError & { readonly reason: { readonly _tag: "UpgradeDeclined" } }

const isRedirected = (error: unknown): error is Redirected =>
  error instanceof HandshakeError &&
  error.reason._tag === "UpgradeDeclined" &&
  Redirect.isRedirect(error.reason.response)

/** Where the refusal sends the client; the failure when it is not to go there. */
const step = <E, R>(
  uri: WebSocketUri,
  error: Redirected,
  way: Way,
  { allow, max }: RedirectOptions<E, R>
): Effect.Effect<Redirect.Step, HandshakeError | E, R> => {
  const refused = (reason: HandshakeReason) => {
    const { leftover, request, response, role } = error
    return Effect.fail(new HandshakeError({ role, reason, request, response, keepAlive: false, leftover }))
  }
  const { response } = error.reason
  const next = Redirect.follow(uri, response, way, max)
  if ("_tag" in next) return refused(next)
  return Effect.flatMap(orEffect(allow(next.redirection)), (isAllowed) =>
    isAllowed ? Effect.succeed(next) : refused(Redirect.refused(response, "Unwanted"))
  )
}

const ruleOfMax = "a number of redirects is an integer of at least 0"

/** Makes attempts from the first URI on, until one is not redirected. With `redirects` 0 there is one attempt. */
export const following = <A, E, R, S>(
  first: WebSocketUri,
  options: RequestOptions<E, R>,
  redirects: Redirects<E, R> | undefined,
  attempt: Attempt<A, E, R, S>
): Effect.Effect<A, HandshakeFailure | E, R | S> => {
  const which = normalised(redirects)
  if (!Number.isSafeInteger(which.max) || which.max < 0) {
    return Effect.fail(new OptionError({ option: "redirects", rule: ruleOfMax }))
  }
  const from: Attempt<A, E, R, S> = (uri, own, way) =>
    Effect.catchIf(attempt(uri, own, way), isRedirected, (error) =>
      Effect.flatMap(step(uri, error, way, which), (next) => {
        const isNear = Redirect.isSameOrigin(uri, next.uri)
        return from(next.uri, isNear ? own : elsewhere(own), [...way, next.redirection])
      })
    )
  return which.max === 0 ? attempt(first, options, []) : from(first, options, [])
}
