/** The wiring of traces, in each thread that makes some: nothing of it is loaded before that. */
import packageJson from '../../package.json' with { type: 'json' }
import type { Clock } from '../clock.ts'
import type { Config } from '../settings/config.ts'
import type { Log } from '../log.ts'
import type { Scope } from '../scope.ts'
import type { Ingest, System, TracedOutcome } from '../tracing/deliveries.ts'
import type { Sender, SendNames } from '../tracing/sends.ts'

/** What traces need of the configuration. */
export type TraceConfig = Pick<
  Config,
  | 'INLET_NODE'
  | 'OTEL_EXPORTER_OTLP_ENDPOINT'
  | 'OTEL_EXPORTER_OTLP_HEADERS'
  | 'OTEL_SERVICE_NAME'
  | 'OTEL_TRACES_SAMPLER'
  | 'OTEL_TRACES_SAMPLER_ARG'
>

export interface TracesPorts {
  readonly clock: Clock
  readonly log: Log
  /** Owns the export. */
  readonly scope: Pick<Scope, 'run'>
}

/** What this thread traces with. */
export interface Traces {
  /** See traceDeliveries. */
  deliveries<Origin extends { readonly name: string }, Outcome extends TracedOutcome>(
    system: System,
    ingest: Ingest<Origin, Outcome>,
  ): Ingest<Origin, Outcome>
  /** See traceSends. */
  sends(publisher: Sender, names: SendNames): Sender
}

/** Undefined where no collector is configured. */
export async function openTraces(
  config: TraceConfig,
  { clock, log, scope }: TracesPorts,
): Promise<Traces | undefined> {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_TRACES_SAMPLER: name } = config
  if (endpoint === undefined) return undefined
  const [{ openExporter }, { openSampler }, { traceDeliveries }, { traceSends }] =
    await Promise.all([
      import('../tracing/exporter.ts'),
      import('../tracing/sampler.ts'),
      import('../tracing/deliveries.ts'),
      import('../tracing/sends.ts'),
    ])
  const exporter = openExporter({
    clock,
    log,
    url: `${endpoint}/v1/traces`,
    headers: config.OTEL_EXPORTER_OTLP_HEADERS ?? {},
    resource: {
      'service.name': config.OTEL_SERVICE_NAME,
      'service.version': packageJson.version,
      'service.instance.id': config.INLET_NODE,
    },
  })
  scope.run('traces', (signal) => exporter.run(signal))
  const sampler = openSampler(name, config.OTEL_TRACES_SAMPLER_ARG)
  const ports = { clock, sampler, emit: exporter.emit }
  return {
    deliveries: (system, ingest) => traceDeliveries(system, ingest, ports),
    sends: (publisher, names) => traceSends(publisher, { ...ports, ...names }),
  }
}
