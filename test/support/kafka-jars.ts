import { exists, mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'

const POM = join(import.meta.dir, 'kafka', 'pom.xml')

/**
 * The folder with the jars of Apache Kafka, downloaded by Maven the first time (44 MB) and
 * kept in the user's cache folder. Safe if two run at once: each fills a folder of its own,
 * the first rename wins.
 */
export async function installKafkaJars(): Promise<string> {
  const version = /<version>([^<]+)</.exec(await Bun.file(POM).text())?.[1]
  if (version === undefined) throw new Error(`${POM} names no version`)
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'inlet')
  const folder = join(cache, `kafka-${version}`)
  if (await exists(folder)) return folder

  if (Bun.which('mvn') === null) {
    throw new Error('mvn is missing: install Maven, or set KAFKA_BROKERS. ./scripts/test.sh does.')
  }
  await mkdir(cache, { recursive: true })
  const partial = await mkdtemp(`${folder}.partial-`)
  try {
    const command = ['mvn', '-q', '-B', '-f', POM, 'dependency:copy-dependencies']
    const maven = Bun.spawn([...command, `-DoutputDirectory=${partial}`], {
      // Else the JVM leaves a folder in the system's one for temporary files.
      env: { ...process.env, MAVEN_OPTS: `${process.env['MAVEN_OPTS'] ?? ''} -XX:-UsePerfData` },
      stdin: 'ignore',
      stdout: 'inherit',
      stderr: 'inherit',
    })
    if ((await maven.exited) !== 0)
      throw new Error('Maven could not fetch the jars of Apache Kafka')
    await rename(partial, folder).catch(async (error: unknown) => {
      if (!(await exists(folder))) throw error
    })
  } finally {
    await rm(partial, { recursive: true, force: true })
  }
  return folder
}
