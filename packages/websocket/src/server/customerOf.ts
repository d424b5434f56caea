/** Whom a peer belongs to, as far as its address tells: those who share one share what a server lets it have. */
import * as Option from "effect/Option"
import { parse } from "../proxy/IpAddress.js"
import type { Address } from "../Transport.js"

/**
 * The customer behind an address of a network; `undefined` for any other. An IPv6 address is one of the 2^64 of its subnet, which are
 * one customer's.
 */
export const customerOf = (from: Option.Option<Address>): string | undefined => {
  const address = Option.getOrUndefined(from)
  if (address?._tag !== "TcpAddress") return undefined
  const octets = parse(address.hostname)
  if (octets === undefined || octets.length === 4) return address.hostname
  // RFC 4291 §2.5.5.2: an IPv4 address in the form of the other family.
  const isMapped = octets.subarray(0, 10).every((octet) => octet === 0) && octets[10] === 0xff && octets[11] === 0xff
  return isMapped ? octets.subarray(12).join(".") : octets.subarray(0, 8).join(" ")
}
