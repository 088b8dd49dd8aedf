/**
 * A small disk that is filled up under load and freed again, in the same life of the gateway: once
 * with the watermark, which has to refuse before the disk is full, and once without.
 */
import { rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { mountSmallDisk } from '../support/small-disk.ts'
import { settle, startLoad, startOn, waitUntil, type Tally } from './faulty-disk.ts'

const MIB = 1024 * 1024
const DISK_MIB = 256
const BALLAST_BYTES = 160 * MIB
/** More than the load writes between two looks of the door, which are a second apart. */
const WATERMARK_BYTES = 64 * MIB
const PAD_BYTES = 2_000

/** Fills a disk until nothing is taken, frees it, and waits until everything goes on. */
export async function fillDisk(
  watermark: 'watermark' | 'no watermark',
  command: readonly string[],
  tally: Tally,
): Promise<void> {
  await using disk = await mountSmallDisk(DISK_MIB)
  tally.cases += 1
  const name = `a full disk with ${watermark}`
  const place = { command, directory: disk.path }
  const ballast = join(disk.path, 'ballast')
  writeFileSync(ballast, new Uint8Array(BALLAST_BYTES))
  const freeMin = watermark === 'watermark' ? WATERMARK_BYTES : 0
  const gateway = await startOn(place, { INLET_DISK_FREE_MIN_BYTES: String(freeMin) })
  const load = startLoad(gateway, PAD_BYTES)
  const wait = async (what: string, isSo: () => boolean) => {
    if (!(await waitUntil(isSo))) tally.broken.push(`${name}: ${what}`)
  }

  await wait('never refused', () => load.refused > 10)
  const { bavail, bsize } = statfsSync(disk.path)
  if (freeMin > 0 && bavail * bsize === 0) tally.broken.push(`${name}: refused when it was full`)
  rmSync(ballast)
  const before = load.acked.size
  await wait('acknowledges nothing any more', () => load.acked.size > before)
  tally.wentOn += 1
  await settle(name, { gateway, load, directory: disk.path }, tally)
}
