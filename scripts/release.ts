// Makes everything that a release consists of in dist/release: `bun scripts/release.ts`. With
// `--try` also from a tree that differs from its commit.
import { copyFile, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { commit, compile } from './compile.ts'
import { sbom } from './sbom.ts'

const ROOT = join(import.meta.dir, '..')
const FOLDER = join(ROOT, 'dist', 'release')

/** By the name of the file, as Bun calls them. */
const TARGETS = {
  'inlet-linux-x64': 'bun-linux-x64',
  'inlet-linux-arm64': 'bun-linux-arm64',
  'inlet-linux-x64-musl': 'bun-linux-x64-musl',
  'inlet-linux-arm64-musl': 'bun-linux-arm64-musl',
  'inlet-darwin-arm64': 'bun-darwin-arm64',
  'inlet-darwin-x64': 'bun-darwin-x64',
} as const satisfies Record<string, Bun.Build.CompileTarget>

/** Ends where what would be released is not what is committed, locked and licensed. */
function refuseUnlessClean(): void {
  const checks = [
    ['the tree differs from its commit', ['git', 'diff', '--quiet', 'HEAD']],
    ['bun.lock is not what is installed', ['bun', 'install', '--frozen-lockfile', '--dry-run']],
    ['the licences are not up to date', ['bun', 'scripts/licenses.ts', '--check']],
  ] as const
  for (const [problem, command] of checks) {
    if (Bun.spawnSync([...command], { cwd: ROOT }).success) continue
    console.error(`no release: ${problem}`)
    process.exit(1)
  }
}

async function sha256(path: string): Promise<string> {
  return new Bun.CryptoHasher('sha256').update(await Bun.file(path).arrayBuffer()).digest('hex')
}

if (!process.argv.includes('--try')) refuseUnlessClean()
await rm(FOLDER, { recursive: true, force: true })
await mkdir(FOLDER, { recursive: true })

for (const [name, target] of Object.entries(TARGETS)) {
  await compile({ outfile: join(FOLDER, name), target })
}
await Bun.write(join(FOLDER, 'inlet.cdx.json'), await sbom(commit()))
for (const name of ['LICENSE', 'THIRD_PARTY_LICENSES']) {
  await copyFile(join(ROOT, name), join(FOLDER, name))
}
const names = [...Object.keys(TARGETS), 'inlet.cdx.json', 'LICENSE', 'THIRD_PARTY_LICENSES']
const sums = await Promise.all(
  names.map(async (name) => `${await sha256(join(FOLDER, name))}  ${name}`),
)
await Bun.write(join(FOLDER, 'SHA256SUMS'), `${sums.join('\n')}\n`)
for (const name of names) {
  console.log(`dist/release/${name} ${(Bun.file(join(FOLDER, name)).size / 1e6).toFixed(1)} MB`)
}
