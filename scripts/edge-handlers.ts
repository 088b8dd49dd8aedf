/**
 * Lists the handler files for a bundle: a Worker has no folder to load them from. `wrangler` runs
 * it before each build, and resolves `inlet/handlers` to what it writes. Refuses files that do not
 * load: a Worker that has one answers 503 for every source.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import {
  handlerFileNames,
  handlersDirectory,
  loadHandlerFiles,
} from '../src/loading/handler-files.ts'

const [target = join(import.meta.dir, '../dist/edge/handlers.ts')] = process.argv.slice(2)

const directory = resolve(handlersDirectory(process.env))
const { problems } = await loadHandlerFiles(directory)
if (problems.length > 0) {
  console.error(['The handler files are not deployed:', ...problems].join('\n  - '))
  process.exit(1)
}
const files = handlerFileNames(directory).map((name) => join(directory, name))
const imports = files.map((file, at) => {
  return `import * as file${at} from '${relative(dirname(resolve(target)), file)}'`
})
const entries = files.map((file, at) => {
  return `  { file: '${basename(file)}', definition: file${at}.default },`
})
const lines = [...imports, '', 'export const handlers = [', ...entries, ']', '']
mkdirSync(dirname(target), { recursive: true })
writeFileSync(target, lines.join('\n'))
