/**
 * Which hosts are reached without a proxy: the list that `NO_PROXY` has.
 *
 * `*` is all. A name is that host and all below it; with a dot or `*.` in front only those below it. An IP address is itself, and
 * with a prefix length (CIDR) its network. With a port an entry holds for that port alone.
 */
import * as Authority from "@effect-websocket/protocol/handshake/Authority"
import * as IpAddress from "./IpAddress.js"

type Matches = (host: string, port: number) => boolean

const isPrefix = (network: Uint8Array, octets: Uint8Array, bits: number): boolean =>
  network.length === octets.length &&
  network.every((octet, index) => {
    const shown = Math.min(8, Math.max(0, bits - index * 8))
    return ((octet ^ (octets[index] ?? 0)) & (0xff << (8 - shown)) & 0xff) === 0
  })

const cidr = (entry: string): Matches | undefined => {
  const slash = entry.indexOf("/")
  const network = slash < 0 ? undefined : IpAddress.parse(entry.slice(0, slash))
  const digits = entry.slice(slash + 1)
  const bits = digits.length > 0 && digits.length <= 3 && Array.from(digits).every(isDigit) ? Number(digits) : -1
  if (network === undefined || bits < 0 || bits > network.length * 8) return undefined
  return (host) => {
    const octets = IpAddress.parse(host)
    return octets !== undefined && isPrefix(network, octets, bits)
  }
}

const isDigit = (char: string): boolean => char >= "0" && char <= "9"

const named = (name: string): Matches => {
  const suffix = name.startsWith("*.") ? name.slice(1) : name
  if (suffix.startsWith(".")) return (host) => host.endsWith(suffix)
  return (host) => host === suffix || host.endsWith(`.${suffix}`)
}

/** An address or a name, with a port if any. An IPv6 address stands in brackets when there is one. */
const place = (entry: string): Matches | undefined => {
  const bare = IpAddress.parse(entry)
  const authority = bare === undefined ? Authority.parse(entry) : { host: entry, port: undefined }
  if (authority === undefined) return undefined
  const host = authority.host.startsWith("[") ? authority.host.slice(1, -1) : authority.host
  const network = bare ?? IpAddress.parse(host)
  const isHost: Matches =
    network === undefined
      ? named(host)
      : (other) => {
          const octets = IpAddress.parse(other)
          return octets !== undefined && isPrefix(network, octets, network.length * 8)
        }
  return (other, port) => (authority.port === undefined || authority.port === port) && isHost(other, port)
}

const matcher = (entry: string): Matches | undefined => (entry === "*" ? () => true : (cidr(entry) ?? place(entry)))

/** The entry which is none; undefined: all are. */
export const invalidEntry = (entries: ReadonlyArray<string>): string | undefined =>
  entries.find((entry) => matcher(entry.toLowerCase()) === undefined)

/** Whether a host, a name in lower case or an IP address without brackets, is in the list. Entries that are none match nothing. */
export const bypasses = (entries: ReadonlyArray<string>): Matches => {
  const matchers = entries.map((entry) => matcher(entry.toLowerCase()))
  return (host, port) => matchers.some((matches) => matches?.(host.toLowerCase(), port) === true)
}
