/** What SQLite takes and gives. */
export type SqlValue = string | number | null | Uint8Array

/**
 * A parameter that is bytes, in a statement: a database may be given them as hexadecimal text.
 * SQLite decodes it once a statement, also where many rows are cut out of it.
 */
export function asBlob(parameter: string): string {
  return `iif(typeof(${parameter}) = 'text', unhex(${parameter}), ${parameter})`
}

/** A statement with its parameters, which it names `?1`, `?2`, …; bytes are `asBlob` of that. */
export interface Statement {
  readonly sql: string
  readonly params: readonly SqlValue[]
}

export type SqlRow = Readonly<Record<string, SqlValue>>

/**
 * All that the portable store asks of a database: to apply statements atomically. It is what D1
 * has; there is no transaction that a program could hold open.
 */
export interface Batches {
  /**
   * Runs the statements one after the other in one transaction. Resolves with the rows of each,
   * once all of it is as durable as this database makes anything: docs/runtimes.md says how much
   * that is. Where one of them fails, nothing of any of them is stored.
   *
   * @throws GatewayError STORAGE_FULL, STORAGE_FAILED.
   */
  batch(statements: readonly Statement[]): Promise<readonly (readonly SqlRow[])[]>
}
