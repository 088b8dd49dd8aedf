/** The thread that reads for people: on a connection of its own, one question after the other. */
import { openReader } from '../../db/open.ts'
import { systemClock } from '../clock.ts'
import { messageOf } from '../faults/faults.ts'
import { openAnswers, type Answers } from './query-answers.ts'
import type { FromQuery, ToQuery } from './query-messages.ts'

declare const self: Worker

let answers: Answers | undefined

self.addEventListener('message', ({ data }: MessageEvent<ToQuery>) => {
  if (data.kind === 'start') answers = openAnswers(openReader(data.path), systemClock)
  else tell(answer(data))
})

function answer({ id, name, asked }: Extract<ToQuery, { kind: 'ask' }>): FromQuery {
  try {
    // What it is asked with was typed where it was asked.
    const told = (answers?.[name] as ((asked: unknown) => unknown) | undefined)?.(asked)
    return { kind: 'told', id, told }
  } catch (error) {
    return { kind: 'failed', id, reason: messageOf(error) }
  }
}

function tell(message: FromQuery): void {
  self.postMessage(message)
}
