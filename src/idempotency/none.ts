import type { Claim, Hint } from './hint.ts'

const OFF: Claim = { kind: 'skipped', reason: 'off' }

/** The hint of a node that is alone: there is nobody to ask. */
export const noHint: Hint = {
  claim: () => OFF,
  done: () => Promise.resolve(),
  release: () => Promise.resolve(),
  state: () => 'off',
  counts: () => ({ mine: 0, claimed: 0, done: 0, skipped: 0 }),
  close: () => Promise.resolve(),
}
