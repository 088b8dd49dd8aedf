import { sql, type Placeholder } from 'drizzle-orm'

/**
 * A placeholder for each name: the values of a prepared statement that takes all of these columns.
 */
export function slots<Columns extends Readonly<Record<string, unknown>>>(
  columns: Columns,
): { [Name in keyof Columns]: Placeholder } {
  const entries = Object.keys(columns).map((name) => [name, sql.placeholder(name)])
  return Object.fromEntries(entries) as { [Name in keyof Columns]: Placeholder }
}
