/** Which end of the connection we are (RFC 6455 §1.2): the client opened it and masks its frames, the server accepted it. */
export type Role = "client" | "server"
