/** Behind what is waiting already. A timer of 0 ms takes more than one: as long as the turn. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
