/** Lays rows out in columns, for people: a header line, then a line for each row. */
export function table<Row extends Readonly<Record<string, string>>>(
  columns: readonly (keyof Row & string)[],
  rows: readonly Row[],
): string {
  const widths = columns.map((column) =>
    Math.max(column.length, ...rows.map((row) => (row[column] ?? '').length)),
  )
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd()
  const header = line(columns.map((column) => column.toUpperCase()))
  return [header, ...rows.map((row) => line(columns.map((column) => row[column] ?? '')))].join('\n')
}
