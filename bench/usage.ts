import { readdirSync, readFileSync } from 'node:fs'

/** What Linux has counted for a process, all of its threads together. */
export interface Usage {
  readonly cpuMs: number
  /** Times that a thread began to run after it had waited. */
  readonly wakeups: number
  /** Bytes that went to the disk. */
  readonly bytesWritten: number
}

export function usageOf(pid: number): Usage {
  const threads = readdirSync(`/proc/${pid}/task`)
  const wakeups = threads.map((thread) =>
    fieldOf(`/proc/${pid}/task/${thread}/status`, 'voluntary_ctxt_switches'),
  )
  return {
    cpuMs: cpuMsOf(pid),
    wakeups: wakeups.reduce((sum, count) => sum + count, 0),
    bytesWritten: fieldOf(`/proc/${pid}/io`, 'write_bytes'),
  }
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
