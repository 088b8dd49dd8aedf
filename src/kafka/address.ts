/** Windows' way to write an IPv6 address where a colon cannot stand; no public name ends so. */
const SUFFIX = '.ipv6-literal.net'

/**
 * The address of a broker in a form that kafkajs 2.2.4 can take apart: it splits at the first
 * colon, and would read `[::1]:9092` as host `[` and port ``.
 *
 * @example toKafkajsAddress('[::1]:9092') // '--1.ipv6-literal.net:9092'
 */
export function toKafkajsAddress(broker: string): string {
  const [, host, port] = /^\[(.+)\]:(\d+)$/.exec(broker) ?? []
  return host === undefined ? broker : `${host.replaceAll(':', '-')}${SUFFIX}:${port}`
}

/** The host to connect to: undoes the above. */
export function toHost(host: string): string {
  return host.endsWith(SUFFIX) ? host.slice(0, -SUFFIX.length).replaceAll('-', ':') : host
}
