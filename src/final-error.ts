/**
 * Throw it in a consumer's handler where no later try can succeed: the record becomes a dead letter
 * at once.
 *
 * @example if (order === null) throw new FinalError('there is no such order')
 */
export class FinalError extends Error {
  override readonly name = 'FinalError'
}
