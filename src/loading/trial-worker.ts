/**
 * Loads handler files once, in a thread of its own. A module that fails to load stays broken in the
 * thread that tried it, also after its file was corrected (Bun 1.4.5): so this thread tries first,
 * and is thrown away.
 */
import { messageOf } from '../faults/faults.ts'
import { loadHandlerFiles, serveFromInside } from './handler-files.ts'
import type { Trial } from './trial.ts'

declare const self: Worker

self.addEventListener('message', ({ data: directory }: MessageEvent<string>) => {
  void tryFiles(directory).then((trial) => self.postMessage(trial))
})

async function tryFiles(directory: string): Promise<Trial> {
  try {
    // What handler files import of this program is not theirs: forgotten, it would be loaded a
    // second time, with classes that `instanceof` does not know.
    await serveFromInside()
    const ownModules = new Set(Object.keys(require.cache))
    const { problems } = await loadHandlerFiles(directory)
    return { problems, modules: Object.keys(require.cache).filter((path) => !ownModules.has(path)) }
  } catch (error) {
    return { problems: [messageOf(error)], modules: [] }
  }
}
