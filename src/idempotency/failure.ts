/**
 * One word about why a call to Redis failed, e.g. `READONLY` or `ECONNREFUSED`. Only a word,
 * because the messages of both clients and of Redis itself repeat the command, with the keys and
 * values in it.
 */
export function failureWord(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  const reply = /^[A-Z]{3,20}(?= )/.exec(error.message) // how Redis begins every error reply
  if (reply !== null && (error.name === 'ReplyError' || error.name === 'UpstashError')) {
    return reply[0]
  }
  if ('code' in error && typeof error.code === 'string') return error.code
  return error.name === 'Error' ? 'unreachable' : error.name
}
