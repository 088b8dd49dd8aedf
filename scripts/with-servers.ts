// Runs a command with a real Kafka and a real Redis: `bun scripts/with-servers.ts -- bun
// test`. Those that KAFKA_BROKERS and REDIS_URL name are used; the others are started
// here and stopped afterwards. Their files, and whatever the command makes in TMPDIR, are in one
// folder that goes with this process, however it ends; so does the command.
import { constants } from 'node:os'
import { startKafka } from '../test/support/kafka-server.ts'
import { startRedis } from '../test/support/redis-server.ts'
import { makeServerFolder, startGuard } from '../test/support/server-process.ts'

const INTERRUPTS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Returns the exit code of the command. */
async function main(args: readonly string[]): Promise<number> {
  const command = args[0] === '--' ? args.slice(1) : args
  if (command.length === 0) {
    console.error('usage: bun scripts/with-servers.ts -- <command> [argument …]')
    return 2
  }
  const interrupts: NodeJS.Signals[] = []
  let child: Bun.Subprocess | undefined
  for (const signal of INTERRUPTS) {
    process.on(signal, () => {
      interrupts.push(signal)
      if (child?.exitCode === null && child.signalCode === null) signalGroup(child, signal)
    })
  }

  const folder = makeServerFolder('run')
  await using guard = startGuard(folder) // the last to go: the servers' folders are in this one
  process.env['TMPDIR'] = folder
  await using servers = new AsyncDisposableStack()
  const env = { ...process.env }
  const starts: Promise<void>[] = []
  if (!env['KAFKA_BROKERS']) {
    starts.push(
      startKafka().then((kafka) => {
        env['KAFKA_BROKERS'] = servers.use(kafka).brokers
      }),
    )
  }
  if (!env['REDIS_URL']) {
    starts.push(
      startRedis().then((redis) => {
        env['REDIS_URL'] = servers.use(redis).url
      }),
    )
  }
  // All of them settle before we leave, so that none starts after the others were stopped.
  for (const start of await Promise.allSettled(starts)) {
    if (start.status === 'rejected') throw start.reason
  }
  if (interrupts.length === 0) {
    // A process group of its own, so that the guard can end the command with all that it started.
    child = Bun.spawn([...command], {
      env,
      stdio: ['inherit', 'inherit', 'inherit'],
      detached: true,
    })
    await guard.watch(child.pid)
    await child.exited
    signalGroup(child, 'SIGKILL')
    await guard.watch(undefined)
  }
  // Like a shell: 128 and the number of the signal that ended the command, or us before it ran.
  const endedBy = child?.signalCode ?? interrupts[0]
  if (typeof endedBy === 'string') return 128 + constants.signals[endedBy]
  return child?.exitCode ?? 1
}

/** To the command and to what it started, as an interrupt at the terminal would go to all. */
function signalGroup({ pid }: Bun.Subprocess, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch (error) {
    const isGone = error instanceof Error && 'code' in error && error.code === 'ESRCH'
    if (!isGone) throw error
  }
}

process.exitCode = await main(process.argv.slice(2))
