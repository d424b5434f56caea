/**
 * Spans of opening handshakes.
 *
 * A span ends with the handshake. What it failed with is told as a word and a sentence of ours, since the error itself has both
 * heads, with what is secret in them.
 */
import type { Negotiated } from "@effect-websocket/protocol/handshake/Negotiated"
import { Fields } from "@effect-websocket/protocol/http/Fields"
import type { RequestHead } from "@effect-websocket/protocol/http/RequestHead"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type * as Tracer from "effect/Tracer"
import type { RequestOptions } from "../handshake/HandshakeOptions.js"
import type { ConnectionInfo } from "../Transport.js"
import { orEffect } from "../waiting/orEffect.js"
import * as attributes from "./attributes.js"
import { isOwn, outcomeOf } from "./outcome.js"
import { remember } from "./Spans.js"
import * as traceContext from "./traceContext.js"
import type { HandshakeTracing } from "./Watching.js"

/** What a span is told of a failure. */
class HandshakeFailed extends Error {
  constructor(outcome: string, message: string) {
    super(message)
    this.name = outcome
    delete this.stack
  }
}

const annotate = (span: Tracer.Span, ...all: ReadonlyArray<attributes.Attributes>): void => {
  for (const [name, value] of Object.entries(attributes.known(...all))) span.attribute(name, value)
}

const statusOf = (error: unknown): number | undefined =>
  isOwn(error) && error._tag === "HandshakeError" ? Option.getOrUndefined(error.response)?.head.status : undefined

/** How the span ends; the status of a refusal is told, and no more of it. */
const told = (span: Tracer.Span, exit: Exit.Exit<unknown, unknown>): Exit.Exit<unknown, unknown> => {
  if (Exit.isSuccess(exit)) return Exit.void
  if (Cause.isInterruptedOnly(exit.cause)) return exit
  const error = Cause.squash(exit.cause)
  const outcome = outcomeOf(error)
  annotate(span, { "error.type": outcome, "http.response.status_code": statusOf(error) })
  return Exit.fail(new HandshakeFailed(outcome, isOwn(error) ? error.message : "the application failed"))
}

interface Spanned<A> {
  readonly name: string
  readonly options: Tracer.SpanOptions
  /** What the result tells. */
  readonly onSuccess: (span: Tracer.Span, result: A) => void
}

const spanned = <A, E, R>(
  { name, onSuccess, options }: Spanned<A>,
  make: (span: Tracer.Span) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.flatMap(
    Effect.zip(Effect.makeSpan(name, { ...options, captureStackTrace: false }), Effect.clock),
    ([span, clock]) =>
      make(span).pipe(
        Effect.tap((result) => Effect.sync(() => onSuccess(span, result))),
        (handshake) => Effect.withParentSpan(handshake, span) as Effect.Effect<A, E, R>,
        Effect.onExit((exit) => Effect.sync(() => span.end(clock.unsafeCurrentTimeNanos(), told(span, exit))))
      )
  )

const opened = (span: Tracer.Span, negotiated: Negotiated, info: ConnectionInfo): void => {
  annotate(span, attributes.ofNegotiated(negotiated), attributes.ofConnection(info))
  remember(negotiated, span)
}

/** The request tells the server of the span, unless the application does. */
const propagating = <E, R>(options: RequestOptions<E, R>, own: Fields): RequestOptions<E, R> => {
  if (own.size === 0) return options
  const { decorateRequest } = options
  const decorate: RequestOptions<E, R>["decorateRequest"] = (head) =>
    Effect.map(decorateRequest === undefined ? Effect.succeed({}) : orEffect(decorateRequest(head)), (more) => {
      const fields = Fields.from(more)
      const isThere = head.fields.has(traceContext.traceparent) || fields.has(traceContext.traceparent)
      return isThere ? fields : own.merge(fields)
    })
  return { ...options, decorateRequest: decorate }
}

const connecting: HandshakeTracing["connecting"] = (uri, options, connect) =>
  spanned(
    {
      name: "websocket.connect",
      options: { kind: "client", attributes: attributes.known(attributes.ofUri(uri)) },
      onSuccess: (span, { info, negotiated }) => opened(span, negotiated, info)
    },
    (span) => connect(propagating(options, traceContext.format(span)))
  )

/** The span that a request belongs to: the peer's, unless one of the same trace is ours already. */
const parentOf = ({ fields }: RequestHead): Effect.Effect<Tracer.AnySpan | undefined> =>
  Effect.map(Effect.option(Effect.currentParentSpan), (current) => {
    const remote = traceContext.parse(fields)
    const own = Option.getOrUndefined(current)
    return remote === undefined || own?.traceId === remote.traceId ? own : remote
  })

const answering: HandshakeTracing["answering"] = (head, info, answer) =>
  Effect.flatMap(parentOf(head), (parent) => {
    const known = attributes.known(attributes.ofRequest(head, info), attributes.ofConnection(info))
    return spanned(
      {
        name: "websocket.accept",
        options: { kind: "server", attributes: known, parent, root: parent === undefined },
        onSuccess: (span, { negotiated }) => opened(span, negotiated, info)
      },
      () => answer
    )
  })

export const tracing: HandshakeTracing = { connecting, answering }
