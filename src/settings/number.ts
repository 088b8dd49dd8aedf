import { z } from 'zod'

/**
 * A number of an environment variable, within bounds that it may reach. In one step: as chains of
 * schemas they took 2 ms more of every start.
 */
export function numberSetting(min: number, max: number, form: 'whole' | 'decimal') {
  const pattern = form === 'whole' ? /^\d+$/ : /^\d+(\.\d+)?$/
  const message = form === 'whole' ? 'must be a whole number' : 'must be a number'
  return z.string().transform((text, context) => {
    if (!pattern.test(text)) {
      context.addIssue(message)
      return z.NEVER
    }
    const value = Number(text)
    const issue = { origin: 'number', inclusive: true, input: value } as const
    if (value < min) context.addIssue({ ...issue, code: 'too_small', minimum: min })
    if (value > max) context.addIssue({ ...issue, code: 'too_big', maximum: max })
    return value
  })
}
