/** A whole number from 1, or an error that names the option. */
export function positive(name: string, text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) throw new Error(`${name} takes whole numbers from 1`)
  return value
}

/** A number of milliseconds, which may be 0. */
export function nonNegative(name: string, text: string): number {
  const value = Number(text)
  if (!(value >= 0)) throw new Error(`${name} takes a number of milliseconds`)
  return value
}
