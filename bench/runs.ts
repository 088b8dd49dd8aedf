/** What `bun run bench all` measures, in this order, and docs/benchmarks.md shows. */
export const RUNS: Readonly<Record<string, readonly string[]>> = {
  ingest: ['ingest'],
  'ingest-alone': ['ingest', '--sink', 'unreachable', '--log-level', 'warn'],
  'ingest-8k': ['ingest', '--body', 'github-8k'],
  'ingest-28k': ['ingest', '--body', 'github-28k'],
  'ingest-connections': ['ingest', '--connections', '1,16,64', '--seconds', '2'],
  'ingest-peers': ['ingest', '--compare'],
  'slow-disk-1': ['slow-disk', '--sync-delay-ms', '1'],
  'slow-disk': ['slow-disk'],
  stored: ['stored'],
  latency: ['latency'],
  overload: ['overload'],
  relay: ['relay'],
  backlog: ['backlog'],
  e2e: ['e2e'],
  footprint: ['footprint'],
  verify: ['verify'],
}
