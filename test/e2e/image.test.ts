/**
 * The files of the container image without Docker: laid out as deploy/Dockerfile does, run as its
 * user, with nothing writable but /data and /tmp.
 */
import { describe, expect, setDefaultTimeout } from 'bun:test'
import { chownSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { builtCommand, startGateway } from '../support/gateway-process.ts'
import { testWithMounts } from '../support/mounts.ts'
import { findFreePort } from '../support/server-process.ts'
import { makeTempDir } from '../support/temp.ts'

setDefaultTimeout(60_000)
const ROOTFS = join(import.meta.dir, '../../deploy/rootfs.sh')

/** What Docker does with it: a read-only root with /data, /tmp and /proc; then no longer root. */
const ENTER = `set -e
root=$1; data=$2; shift 2
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount --bind "$data" "$root/data"
mount -t tmpfs tmpfs "$root/tmp"
mount -t proc proc "$root/proc"
cd /
exec setpriv --no-new-privs chroot --userspec 65532:65532 --groups= "$root" /bin/inlet "$@"`

describe('the files of the image', () => {
  testWithMounts('are enough to take an event, read-only and without rights', async () => {
    await using folder = await makeTempDir()
    const root = join(folder.path, 'rootfs')
    const [binary = ''] = builtCommand()
    expect(Bun.spawnSync(['sh', ROOTFS, binary, root]).stderr.toString()).toBe('')
    mkdirSync(join(root, 'proc'))
    const data = join(folder.path, 'data')
    mkdirSync(data)
    chownSync(data, 65532, 65532)
    const command = ['unshare', '--mount', 'sh', '-c', ENTER, 'enter', root, data]
    const port = findFreePort()
    const env = {
      PORT: String(port),
      INLET_ADMIN_PORT: String(findFreePort()),
      INLET_SINK: 'file',
      INLET_DATA_DIR: '/data',
      INLET_HANDLERS_DIR: '/handlers',
      INLET_SOURCES: 'github',
      INLET_SECRET_GITHUB: 'made-up-secret-of-the-image',
    }
    const inlet = (...args: string[]) =>
      Bun.spawnSync([...command, ...args], { env: { PATH: process.env['PATH'] ?? '', ...env } })
    {
      await using gateway = await startGateway({ command, cwd: folder.path, env })
      expect(inlet('send', 'github', 'push').stdout.toString()).toContain('202  accepted')
      await gateway.drained(10_000)
      expect(inlet('health').exitCode).toBe(0)
      expect(await gateway.end('SIGTERM')).toBe(0)
    }

    expect(readdirSync(join(data, 'topics'))).toEqual(['webhooks.github.ndjson'])
    expect(statSync(join(data, 'topics')).uid).toBe(65532)
    expect(inlet('health').exitCode).toBe(1)
  })
})
