import { readdirSync, readFileSync } from 'node:fs'

/** What Linux has counted for a process, all of its threads together. */
export interface Usage {
  readonly cpuMs: number
  /** Times that each thread that lives now began to run after it had waited, by its id. */
  readonly wakeups: ReadonlyMap<string, number>
  /** Bytes that went to the disk. */
  readonly bytesWritten: number
}

export function usageOf(pid: number): Usage {
  const threads = readdirSync(`/proc/${pid}/task`)
  const wakeupsOf = (thread: string) =>
    fieldOf(`/proc/${pid}/task/${thread}/status`, 'voluntary_ctxt_switches')
  return {
    cpuMs: cpuMsOf(pid),
    wakeups: new Map(threads.map((thread) => [thread, wakeupsOf(thread)])),
    bytesWritten: fieldOf(`/proc/${pid}/io`, 'write_bytes'),
  }
}

/**
 * How often threads woke up in between. What a thread did that has ended since is not known: its
 * count goes with it, hundreds of the compiler's with each of its threads.
 */
export function wakeupsBetween(before: Usage, after: Usage): number {
  let sum = 0
  for (const [thread, count] of after.wakeups) sum += count - (before.wakeups.get(thread) ?? 0)
  return sum
}

/** The CPU time of all its threads so far, in ms; Linux counts in steps of 10. */
export function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // After the name, which may hold anything: the 12th and 13th field are ticks of 10 ms.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** The memory that it has taken at most, in MiB. */
export function peakMemoryMib(pid: number): number {
  return fieldOf(`/proc/${pid}/status`, 'VmHWM') / 1024
}

function fieldOf(path: string, name: string): number {
  const line = readFileSync(path, 'utf8')
    .split('\n')
    .find((each) => each.startsWith(`${name}:`))
  return Number.parseInt(line?.slice(name.length + 1) ?? '', 10)
}
