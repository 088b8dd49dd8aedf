import type { Clock } from '../clock.ts'
import { HANDLER_TRIAL_MS_MAX } from '../limits/limits.ts'

/** What came of loading handler files. */
export interface Trial {
  /** One line each: file, position where there is one, reason. */
  readonly problems: readonly string[]
  /** Every file that was loaded, those that handler files import among them. */
  readonly modules: readonly string[]
}

/**
 * Loads the handler files of a directory in a thread of its own, which ends before this resolves.
 * What is loaded in this thread is not touched.
 */
export async function tryHandlerFiles(directory: string, clock: Clock): Promise<Trial> {
  const worker = new Worker(new URL('./trial-worker.ts', import.meta.url).href)
  const patience = new AbortController()
  try {
    const answered = new Promise<Trial>((resolve) => {
      const failed = (reason: string) => resolve({ problems: [reason], modules: [] })
      worker.addEventListener('message', ({ data }: MessageEvent<Trial>) => resolve(data))
      worker.addEventListener('error', (event) => {
        event.preventDefault()
        failed(event.message)
      })
      worker.addEventListener('close', () => failed('a handler file ended the thread'))
      worker.postMessage(directory)
    })
    const tooLong = clock.sleep(HANDLER_TRIAL_MS_MAX, patience.signal).then(() => ({
      problems: [`the handler files did not load within ${HANDLER_TRIAL_MS_MAX} ms`],
      modules: [],
    }))
    return await Promise.race([answered, tooLong])
  } finally {
    patience.abort()
    worker.terminate()
  }
}

/** Makes the next import read these files again. */
export function forgetModules(modules: readonly string[]): void {
  for (const path of modules) delete require.cache[path]
}
