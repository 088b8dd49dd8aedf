import { randomOf } from '../relay/random.ts'

/**
 * Every decision of a schedule, one number each. 0 is always the harmless one, and what a list
 * answers after its end: so a shorter list, and one with more zeros, is a simpler schedule.
 */
export interface Choices {
  /** A number from 0 to `options` - 1. */
  next(options: number): number
  /** What was chosen so far. */
  readonly made: readonly number[]
}

export function choicesOf(seed: number): Choices {
  const random = randomOf(seed)
  return recorded((options) => Math.floor(random() * options))
}

export function choicesFrom(list: readonly number[]): Choices {
  let at = 0
  return recorded((options) => (list[at++] ?? 0) % options)
}

function recorded(choose: (options: number) => number): Choices {
  const made: number[] = []
  return {
    made,
    next(options) {
      const chosen = options < 2 ? 0 : choose(options)
      made.push(chosen)
      return chosen
    },
  }
}

/** Tries of one shrinking: it ends earlier where nothing gets simpler any more. */
const TRIES_MAX = 800

/** The simplest list that still fails, of those that leaving out and putting zeros reach. */
export function shrink(
  failing: readonly number[],
  fails: (list: readonly number[]) => boolean,
): readonly number[] {
  let best = withoutEnd(failing)
  let tries = 0
  function isBetter(list: readonly number[]): boolean {
    tries += 1
    if (tries > TRIES_MAX || !fails(list)) return false
    best = withoutEnd(list)
    return true
  }
  for (let size = best.length; size >= 1;) {
    let isSimpler = false
    for (let at = Math.max(0, best.length - size); at >= 0 && at < best.length; at -= size) {
      const [before, after] = [best.slice(0, at), best.slice(at + size)]
      const zeros = best.slice(at, at + size).map(() => 0)
      const isZero = best.slice(at, at + size).every((each) => each === 0)
      const simpler =
        isBetter([...before, ...after]) || (!isZero && isBetter([...before, ...zeros, ...after]))
      isSimpler ||= simpler
    }
    if (!isSimpler || size > best.length) size = Math.floor(size / 2)
  }
  return best
}

/** Zeros at the end say nothing: after its end a list answers 0. */
function withoutEnd(list: readonly number[]): readonly number[] {
  const last = list.findLastIndex((each) => each !== 0)
  return list.slice(0, last + 1)
}
