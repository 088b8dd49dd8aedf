/**
 * What a row needs that nobody has verified: its source does not start until somebody has said that
 * they know.
 */
export const ACCEPT_UNVERIFIED = {
  default: '',
  required: true,
  description:
    'Set it to `yes` to say that you have compared deliveries of yours with this page: how this ' +
    'provider signs was written from memory.',
} as const
