import packageJson from '../../package.json' with { type: 'json' }
import type { Command } from './command.ts'

/** Set by the build; a checkout says so instead. */
declare const INLET_COMMIT: string | undefined

/** The version of this program, with the commit it was built from. */
function versionText(): string {
  const commit = typeof INLET_COMMIT === 'string' ? INLET_COMMIT : 'checkout'
  return `inlet ${packageJson.version} (${commit}, bun ${Bun.version})`
}

export const version: Command = {
  name: 'version',
  summary: 'Print the version.',
  help: 'Usage: inlet version\n\nPrints the version, the commit it was built from, and the Bun that is inside.',
  run({ print }) {
    print(versionText())
    return Promise.resolve(0)
  },
}
