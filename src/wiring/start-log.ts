import type { Config } from '../settings/config.ts'
import type { Log } from '../log.ts'
import type { Served } from '../loading/reload.ts'

/** Says what was started, and what about it an operator should know. */
export function logStart(
  setup: Omit<Served, 'handlersName'> & { readonly config: Config },
  doors: { readonly url: string | null; readonly adminUrl: string },
  log: Log,
): void {
  const { config, sources, callers, consumers, inactive } = setup
  log.info('gateway.started', {
    url: doors.url ?? undefined,
    adminUrl: doors.adminUrl,
    sources: [...sources.keys()].join(','),
    callers: [...callers.keys()].join(','),
    consumers: [...consumers.keys()].join(','),
    inactive: inactive.join(','),
    sink: config.INLET_SINK,
    brokers: config.KAFKA_BROKERS.join(','),
    redis: redisHost(config),
    dataDir: config.INLET_DATA_DIR,
  })
  warnOfSources(setup, log)
  warnOfUnconfirmed(setup, log)
  if (config.INLET_SINK === 'file') {
    log.warn('sink.file', {
      hint: 'records go to files, a stand-in: set INLET_SINK=kafka for Kafka',
    })
  }
  if (config.INLET_FAILPOINT !== undefined) {
    const { point, signal } = config.INLET_FAILPOINT
    log.warn('failpoint.armed', { point, signal, hint: 'a test is meant to end this process' })
  }
}

/** Says of each source that takes anything from anybody, and of each that takes nothing yet. */
export function warnOfSources({ sources }: Pick<Served, 'sources'>, log: Log): void {
  for (const { name, unsigned, learntSecretsFile, secretUses } of sources.values()) {
    if (unsigned) {
      log.warn('source.unsigned', { source: name, hint: 'anybody can send events to it' })
    } else if (learntSecretsFile !== undefined && secretUses?.length === 0) {
      const hint = `run \`inlet source pair ${name}\`, then register the webhook at the provider`
      log.warn('source.unpaired', { source: name, hint })
    }
  }
}

/** Says once which sources are verified as somebody wrote it down, and nothing has confirmed it. */
function warnOfUnconfirmed({ sources }: Pick<Served, 'sources'>, log: Log): void {
  const unconfirmed = [...sources.values()].filter((source) => source.unconfirmed !== undefined)
  if (unconfirmed.length === 0) return
  log.warn('source.unconfirmed', {
    sources: unconfirmed.map(({ name, unconfirmed: level }) => `${name} (${level})`).join(', '),
    hint: '`inlet providers show` says what confirms a provider: watch the first deliveries',
  })
}

/** Which Redis is asked, without what may stand beside its name in the URL. */
function redisHost({ REDIS_URL, UPSTASH_REDIS_REST_URL }: Config): string | undefined {
  const url = REDIS_URL ?? UPSTASH_REDIS_REST_URL
  return url === undefined ? undefined : new URL(url).host
}
