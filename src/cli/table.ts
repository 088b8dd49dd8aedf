import { oneLine } from './printable.ts'

/** Lays rows out in columns, for people: a header line, then a line for each row. */
export function table<Row extends Readonly<Record<string, string>>>(
  columns: readonly (keyof Row & string)[],
  rows: readonly Row[],
): string {
  const cells = rows.map((row) => columns.map((column) => oneLine(row[column] ?? '')))
  const widths = columns.map((column, index) =>
    cells.reduce((widest, row) => Math.max(widest, row[index]?.length ?? 0), column.length),
  )
  const line = (row: readonly string[]) =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd()
  const header = line(columns.map((column) => column.toUpperCase()))
  return [header, ...cells.map(line)].join('\n')
}
