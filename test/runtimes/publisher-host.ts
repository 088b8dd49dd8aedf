/** A publisher in a Worker, over HTTP: a request opens one, publishes, and closes it. */
import { systemClock } from '../../src/clock.ts'
import { GatewayError } from '../../src/faults/faults.ts'
import { openKafkaPublisher } from '../../src/kafka/producer.ts'
import { openRestPublisher } from '../../src/kafka/rest-proxy.ts'
import { silentLog } from '../../src/log.ts'
import type { Landed, PublishRecord } from '../../src/record.ts'

/** Where to publish: to brokers, or through a REST proxy. */
export interface PublisherPlace {
  readonly brokers?: string
  readonly restUrl?: string
}

interface Asked extends PublisherPlace {
  readonly records: readonly (Omit<PublishRecord, 'value'> & { readonly value: string })[]
}

/** The body of a request to a host. */
export function askedOf(place: PublisherPlace, records: readonly PublishRecord[]): string {
  const asked: Asked = {
    ...place,
    records: records.map((record) => ({ ...record, value: record.value.toBase64() })),
  }
  return JSON.stringify(asked)
}

/** Where the records landed, or the fault. */
export async function answerPublish(request: Request): Promise<Response> {
  const { records, ...place } = (await request.json()) as Asked
  const decoded = records.map((record) => ({
    ...record,
    value: Uint8Array.fromBase64(record.value),
  }))
  try {
    return Response.json(await publish(place, decoded))
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    return Response.json({ code: error.code, detail: error.detail }, { status: 500 })
  }
}

async function publish(
  { brokers = '', restUrl: url }: PublisherPlace,
  records: readonly PublishRecord[],
): Promise<readonly Landed[]> {
  if (url !== undefined) return openRestPublisher({ url, clock: systemClock }).publish(records)
  const publisher = openKafkaPublisher({
    brokers: [brokers],
    clientId: 'inlet-test',
    compression: 'none',
    clock: systemClock,
    log: silentLog,
  })
  try {
    return await publisher.publish(records)
  } finally {
    await publisher.close()
  }
}
