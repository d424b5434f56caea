/**
 * Who may ask: the pages of browsers (RFC 6455 §10.2), and the hosts under which the server is known (RFC 9110 §7.4).
 */
import type { HandshakeViolation } from "@effect-websocket/protocol/handshake/HandshakeViolation"
import * as OriginPolicy from "@effect-websocket/protocol/handshake/OriginPolicy"
import type { UpgradeRequest } from "@effect-websocket/protocol/handshake/ServerHandshake"
import type { AcceptOptions } from "./HandshakeOptions.js"

/** RFC 6455 §10.2: a browser tells which page asks. */
export const checkOrigin = <A, R>(
  request: UpgradeRequest,
  options: AcceptOptions<A, R>,
  encrypted: boolean
): HandshakeViolation | undefined => {
  const { origin } = request
  const policy = options.origin ?? "same-origin"
  if (origin === undefined || policy === "any") return undefined
  const allowed =
    policy === "same-origin"
      ? OriginPolicy.sameOrigin(request, options.secure ?? encrypted)
      : typeof policy === "function"
        ? policy(origin, request)
        : policy.some((each) => each.toLowerCase() === origin.toLowerCase())
  return allowed ? undefined : OriginPolicy.forbiddenOrigin(request)
}

/** RFC 9110 §7.4: a server answers for its own hosts. */
export const checkHost = <A, R>(
  request: UpgradeRequest,
  { hosts }: AcceptOptions<A, R>
): HandshakeViolation | undefined =>
  hosts === undefined || OriginPolicy.hostAllowed(request.host, hosts) ? undefined : OriginPolicy.forbiddenHost(request)
