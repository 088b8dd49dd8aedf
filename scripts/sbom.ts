import packageJson from '../package.json' with { type: 'json' }
import { runtimePackages, type RuntimePackage } from './runtime-packages.ts'

/**
 * What is in a release as a CycloneDX 1.6 document: Inlet, the runtime packages as bun.lock pins
 * them, and Bun. It holds no time and no random id, so the same commit makes the same bytes.
 */
export async function sbom(commit: string): Promise<string> {
  const packages = await runtimePackages()
  const refs = new Map(packages.map((each) => [each.name, purl(each)]))
  const inlet = `pkg:generic/inlet@${packageJson.version}?vcs_ref=${commit}`
  const bun = `pkg:github/oven-sh/bun@bun-v${packageJson.engines.bun}`
  const document = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      component: {
        type: 'application',
        'bom-ref': inlet,
        name: 'inlet',
        version: packageJson.version,
        licenses: [{ license: { id: packageJson.license } }],
      },
    },
    components: [
      {
        type: 'platform',
        'bom-ref': bun,
        name: 'bun',
        version: packageJson.engines.bun,
        purl: bun,
        licenses: [{ license: { id: 'MIT' } }],
      },
      ...packages.map(component),
    ],
    dependencies: [
      { ref: inlet, dependsOn: [bun, ...namesToRefs(Object.keys(packageJson.dependencies))] },
      ...packages.map((each) => ({ ref: purl(each), dependsOn: namesToRefs(each.dependencies) })),
    ],
  }
  return `${JSON.stringify(document, null, 2)}\n`

  function namesToRefs(names: readonly string[]): string[] {
    return names.map((name) => refs.get(name) ?? name)
  }
}

function component(each: RuntimePackage) {
  const [algorithm, digest = ''] = each.integrity.split('-')
  if (algorithm !== 'sha512') throw new Error(`${each.name} is not locked by SHA-512`)
  return {
    type: 'library',
    'bom-ref': purl(each),
    name: each.name,
    version: each.version,
    purl: purl(each),
    licenses: [{ license: { id: each.license } }],
    hashes: [{ alg: 'SHA-512', content: Buffer.from(digest, 'base64').toString('hex') }],
  }
}

function purl({ name, version }: RuntimePackage): string {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`
}
