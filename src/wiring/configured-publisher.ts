import { join } from 'node:path'
import type { Clock } from '../clock.ts'
import type { Config } from '../settings/config.ts'
import { openFileLog, type FileLog } from '../kafka/file-log.ts'
import { openKafkaPublisher, type KafkaPublisher } from '../kafka/producer.ts'
import type { Log } from '../log.ts'

type Settings = Pick<
  Config,
  | 'INLET_SINK'
  | 'INLET_DATA_DIR'
  | 'KAFKA_BROKERS'
  | 'KAFKA_CLIENT_ID'
  | 'KAFKA_COMPRESSION'
  | 'kafkaSecurity'
>

/** Kafka, or the files that stand in for it, as it is configured. */
export function openConfiguredPublisher(
  settings: Settings,
  ports: { readonly clock: Clock; readonly log: Log },
): KafkaPublisher | FileLog {
  if (settings.INLET_SINK === 'file') {
    return openFileLog({ directory: join(settings.INLET_DATA_DIR, 'topics') })
  }
  return openKafkaPublisher({
    brokers: settings.KAFKA_BROKERS,
    clientId: settings.KAFKA_CLIENT_ID,
    compression: settings.KAFKA_COMPRESSION,
    security: settings.kafkaSecurity,
    ...ports,
  })
}
