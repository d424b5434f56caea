/** Why a proxy gave no connection: its answer, as far as it was one. */
import type { ResponseHead } from "@effect-websocket/protocol/http/ResponseHead"

/** The response of an HTTP proxy: its head, and as much of its body as the limits allow. */
export interface ProxyResponse {
  readonly head: ResponseHead
  readonly body: Uint8Array
}

/** What a proxy answered, or did wrong. */
export type ProxyFault =
  /** An HTTP proxy did not open the tunnel (RFC 9110 §9.3.6). */
  | { readonly _tag: "Refused"; readonly response: ProxyResponse }
  /**
   * Credentials are missing, or were not accepted: 407 of an HTTP proxy, with its challenges (RFC 9110 §11.7.1); RFC 1928 §3
   * and RFC 1929 of a SOCKS proxy, which has neither challenges nor a response.
   */
  | {
      readonly _tag: "AuthRequired"
      readonly challenges: ReadonlyArray<string>
      readonly response: ProxyResponse | undefined
    }
  /** A SOCKS proxy did not connect (RFC 1928 §6): its reply, 1 to 255, and what that means. */
  | { readonly _tag: "SocksReply"; readonly code: number; readonly meaning: string }
  /** It broke the rules of its protocol. */
  | { readonly _tag: "Malformed"; readonly section: string; readonly rule: string }

/** What is told of a fault: nothing of what was sent. */
export const describeFault = (proxy: string, fault: ProxyFault): string => {
  switch (fault._tag) {
    case "Refused":
      return `the proxy ${proxy} did not open a tunnel (status ${fault.response.head.status})`
    case "AuthRequired":
      return `the proxy ${proxy} asks for other credentials`
    case "SocksReply":
      return `the proxy ${proxy} did not connect: ${fault.meaning} (${fault.code})`
    case "Malformed":
      return `the proxy ${proxy} breaks a rule: ${fault.section}: ${fault.rule}`
  }
}
