/**
 * Which end of the connection we are (RFC 6455 §1.2): the client opened it and masks its frames, the server accepted it.
 *
 * @example
 * ```ts
 * import type { Role } from "@effect-websocket/protocol/bytes/Role"
 *
 * const peerOf = (role: Role): Role => (role === "client" ? "server" : "client")
 * ```
 */
export type Role = "client" | "server"
