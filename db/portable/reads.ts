/** The queries that read what is to be handed on, as rows of `json` and bytes. */

/** Of a relation `outbox`; what an entry lacks whose event is gone is empty. */
const ENTRY = `
  json_object('seq', outbox.seq, 'n', n, 'topic', outbox.topic, 'key', outbox.key,
    'headers', outbox.headers, 'eventHeaders', inbox.headers, 'inboxSeq', inbox_seq,
    'source', coalesce(source, ''), 'eventId', coalesce(event_id, ''), 'type', coalesce(type, ''),
    'contentType', coalesce(content_type, ''), 'receivedAt', coalesce(received_at, 0),
    'hasEvent', inbox.seq IS NOT NULL, 'length', coalesce(length(value), body_length, 0)) AS json,
  CASE WHEN value IS NULL THEN substr(bodies, body_offset + 1, body_length) ELSE value END AS value`

const BESIDE_OUTBOX = `
  LEFT JOIN inbox ON inbox.seq = outbox.inbox_seq
  LEFT JOIN chunks ON chunks.seq = inbox.chunk_seq`

/**
 * The longest head of `rows (seq, bytes)` that fits, always one: bytes are summed up before any is
 * read.
 */
function fitting(rows: string, bytesMax: string): string {
  return `SELECT seq FROM (
    SELECT seq, sum(bytes) OVER (ORDER BY seq) AS total, row_number() OVER (ORDER BY seq) AS nth
    FROM (${rows})
  ) WHERE total <= ${bytesMax} OR nth = 1`
}

const ENTRY_BYTES = `coalesce(length(outbox.value), inbox.body_length, 0) AS bytes`

/** For the holder ?1, ?2 entries, ?3 bytes. */
export const ENTRIES_NEXT = `
  WITH next AS MATERIALIZED (${fitting(
    `SELECT outbox.seq, ${ENTRY_BYTES}
    FROM leases, relay_progress CROSS JOIN outbox ON outbox.seq > high_water
    LEFT JOIN inbox ON inbox.seq = outbox.inbox_seq
    WHERE holder = ?1 ORDER BY outbox.seq LIMIT ?2`,
    '?3',
  )})
  SELECT ${ENTRY} FROM next CROSS JOIN outbox ON outbox.seq = next.seq ${BESIDE_OUTBOX}
  ORDER BY outbox.seq`

/** Of status ?1 and topic ?2, ?3 entries, ?4 bytes. */
export const EXCEPTIONS = `
  WITH next AS MATERIALIZED (${fitting(
    `SELECT outbox.seq, ${ENTRY_BYTES}
    FROM outbox_exceptions AS x CROSS JOIN outbox ON outbox.seq = x.seq
    LEFT JOIN inbox ON inbox.seq = outbox.inbox_seq
    WHERE x.status = ?1 AND x.topic = ?2 ORDER BY x.seq LIMIT ?3`,
    '?4',
  )})
  SELECT ${ENTRY},
    json_object('seq', x.seq, 'status', x.status, 'topic', x.topic, 'key', x.key,
      'attempts', attempts, 'nextAt', next_at, 'code', code, 'reason', x.reason) AS exception
  FROM next CROSS JOIN outbox_exceptions AS x ON x.seq = next.seq
  CROSS JOIN outbox ON outbox.seq = next.seq ${BESIDE_OUTBOX}
  ORDER BY outbox.seq`

/** The events of both: for the holder ?1, ?2 of them, ?3 bytes of them and of their records. */
const EVENTS = `
  WITH next AS MATERIALIZED (${fitting(
    `SELECT inbox.seq, body_length + octet_length(key) + coalesce(octet_length(headers), 0)
      + coalesce((
        SELECT sum(coalesce(length(value), 0) + octet_length(topic) + octet_length(key)
          + coalesce(octet_length(headers), 0))
        FROM outbox WHERE inbox_seq = inbox.seq
      ), 0) AS bytes
    FROM leases CROSS JOIN inbox ON inbox.seq > events_to
    WHERE holder = ?1 ORDER BY inbox.seq LIMIT ?2`,
    '?3',
  )})`

export const EVENTS_NEXT = `${EVENTS}
  SELECT json_object('seq', inbox.seq, 'source', source, 'eventId', event_id, 'type', type,
    'key', key, 'contentType', content_type, 'headers', headers, 'receivedAt', received_at,
    'state', state, 'reason', reason, 'validUntil', id_valid_until,
    'retryAt', handler_retries.next_at) AS json,
    substr(bodies, body_offset + 1, body_length) AS body
  FROM next CROSS JOIN inbox ON inbox.seq = next.seq
  LEFT JOIN chunks ON chunks.seq = chunk_seq
  LEFT JOIN handler_retries ON handler_retries.inbox_seq = inbox.seq
  ORDER BY inbox.seq`

export const RECORDS_OF = `${EVENTS}
  SELECT value,
    json_object('inboxSeq', inbox_seq, 'topic', topic, 'key', key, 'headers', headers) AS json
  FROM next CROSS JOIN outbox ON outbox.inbox_seq = next.seq ORDER BY outbox.seq`

const COUNTS = ['retry', 'blocked', 'dead']
  .map(
    (status) => `'${status}', (SELECT count(*) FROM outbox_exceptions WHERE status = '${status}')`,
  )
  .join()

const HIGH_WATER = `coalesce((SELECT high_water FROM relay_progress), 0)`

/** Seqs have no gaps. */
export const LAG_OF_ENTRIES = `
  SELECT json_object(
    'pending', max(0, coalesce((SELECT max(seq) FROM outbox), 0) - ${HIGH_WATER}),
    'oldestReceivedAt', (
      SELECT received_at FROM outbox JOIN inbox ON inbox.seq = outbox.inbox_seq
      WHERE outbox.seq > ${HIGH_WATER} ORDER BY outbox.seq LIMIT 1
    ), ${COUNTS}) AS json`

const EVENTS_TO = `coalesce((SELECT events_to FROM leases), 0)`

export const LAG_OF_EVENTS = `
  SELECT json_object(
    'pending', max(0, coalesce((SELECT max(seq) FROM inbox), 0) - ${EVENTS_TO}),
    'oldestReceivedAt', (
      SELECT received_at FROM inbox WHERE seq > ${EVENTS_TO} ORDER BY seq LIMIT 1
    ), ${COUNTS}) AS json`
