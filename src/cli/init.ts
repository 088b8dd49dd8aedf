import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parseArguments } from './arguments.ts'
import { UsageError, type Command } from './command.ts'
import { programName } from './program-name.ts'
import { starterFiles } from './starter.ts'

const OPTIONS = { types: { type: 'boolean', default: false } } as const

/** What is made by Inlet and read by tools only; people change the rest. */
const MADE = 'types/'

export const init: Command = {
  name: 'init',
  summary: 'Write a first handler with its test and types.',
  options: OPTIONS,
  help: `Usage: inlet init [directory] [--types]

Writes a handler file for GitHub, its test, and what an editor, \`inlet check\` and the tests need
to know of Inlet: no package is installed, nothing is downloaded. A file that is there already is
never overwritten: then nothing is written, and the files are named.

  inlet init my-gateway

  --types   Write only types/, over what is there: after an upgrade of Inlet.`,
  run({ args, print }) {
    const { values, positionals } = parseArguments(args, OPTIONS)
    const [directory = '.', ...rest] = positionals
    if (rest.length > 0) throw new UsageError('name one directory at most')
    const files = [...starterFiles()].filter(([path]) => !values.types || path.startsWith(MADE))
    const taken = files.map(([path]) => path).filter((path) => existsSync(join(directory, path)))
    if (taken.length > 0 && !values.types) {
      print(`nothing is written, because these files exist:\n  ${abridge(taken).join('\n  ')}`)
      if (taken.some((path) => path.startsWith(MADE)))
        print('To renew types/ after an upgrade: inlet init --types')
      return Promise.resolve(1)
    }
    for (const [path, text] of files) {
      mkdirSync(join(directory, dirname(path)), { recursive: true })
      writeFileSync(join(directory, path), text, values.types ? {} : { flag: 'wx' })
    }
    for (const path of abridge(files.map(([each]) => each))) print(`wrote ${join(directory, path)}`)
    if (!values.types) print(nextSteps(directory))
    return Promise.resolve(0)
  },
}

/** The files that people read by name; those of types/ as one. */
function abridge(paths: readonly string[]): string[] {
  return [...new Set(paths.map((path) => (path.startsWith(MADE) ? MADE : path)))]
}

function nextSteps(directory: string): string {
  const inlet = programName(resolve(directory))
  const enter = directory === '.' ? '' : `cd ${directory} && `
  return `
Next, the handler on this machine, without Kafka and with a secret made for you:
  ${enter}${inlet} dev
in a second terminal, an event signed as GitHub would, with the records that come of it:
  ${enter}${inlet} send github pull_request.opened
before a deploy, configuration, handler files and their types:
  ${enter}${inlet} check`
}
