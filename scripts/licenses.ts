/**
 * Writes THIRD_PARTY_LICENSES: the licence of everything that is in the binary. `--check` only says
 * whether it is up to date.
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { runtimePackages, type RuntimePackage } from './runtime-packages.ts'

const ROOT = join(import.meta.dir, '..')
const FILE = join(ROOT, 'THIRD_PARTY_LICENSES')
/** For those that bring no licence file: its text, by the name of the package. */
const OWN_TEXTS = join(import.meta.dir, 'licences')
const RULE = '='.repeat(80)

async function licenceText({ name, folder }: RuntimePackage): Promise<string> {
  const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each))
  const path = file === undefined ? join(OWN_TEXTS, `${name}.txt`) : join(folder, file)
  if (await Bun.file(path).exists()) return (await Bun.file(path).text()).trim()
  throw new Error(`${name} brings no licence: put its text into ${path}`)
}

async function thirdPartyLicenses(): Promise<string> {
  const parts = [
    'What the binaries of Inlet contain besides its own code, and under which licence.\nMade by scripts/licenses.ts.',
    `Bun\n\n${(await Bun.file(join(OWN_TEXTS, 'bun.txt')).text()).trim()}`,
  ]
  for (const each of await runtimePackages()) {
    parts.push(`${each.name} ${each.version} (${each.license})\n\n${await licenceText(each)}`)
  }
  return `${parts.join(`\n\n${RULE}\n`)}\n`
}

const text = await thirdPartyLicenses()
if (!process.argv.includes('--check')) {
  await Bun.write(FILE, text)
} else if (!(await Bun.file(FILE).exists()) || (await Bun.file(FILE).text()) !== text) {
  console.error('THIRD_PARTY_LICENSES is not up to date: run bun scripts/licenses.ts')
  process.exitCode = 1
}
