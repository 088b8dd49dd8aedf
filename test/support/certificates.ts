import { join } from 'node:path'
import { readFileSync, writeFileSync } from 'node:fs'

/** A certificate and its key, as PEM files. */
export interface Certificate {
  readonly cert: string
  readonly key: string
}

/** Makes a certificate authority of our own in `folder`, with `openssl`. */
export function makeAuthority(folder: string, name: string): Certificate {
  return request(folder, name, ['-addext', 'basicConstraints=critical,CA:TRUE'])
}

/**
 * Makes a certificate signed by `authority`.
 *
 * @param names What it is for, e.g. `IP:127.0.0.1,DNS:kafka.test`.
 */
export function issue(authority: Certificate, folder: string, name: string, names: string) {
  const { cert, key } = authority
  // What could issue others is no server's, says Deno.
  const leaf = ['-addext', `subjectAltName=${names}`, '-addext', 'basicConstraints=CA:FALSE']
  return request(folder, name, ['-CA', cert, '-CAkey', key, ...leaf])
}

/** Makes a certificate for an RSA key, as providers sign with, in the name of `name`. */
export function issueRsa(authority: Certificate, folder: string, name: string, bits = 2048) {
  const { cert, key } = authority
  return request(folder, name, ['-CA', cert, '-CAkey', key], ['-newkey', `rsa:${bits}`])
}

/** Certificate and key in one PEM file, as Kafka wants them. */
export function bundle({ cert, key }: Certificate): string {
  const path = cert.replace(/\.pem$/, '.bundle.pem')
  writeFileSync(path, readFileSync(key, 'utf8') + readFileSync(cert, 'utf8'))
  return path
}

const ON_P256 = '-newkey ec -pkeyopt ec_paramgen_curve:P-256'.split(' ')

function request(
  folder: string,
  name: string,
  extra: readonly string[],
  newKey: readonly string[] = ON_P256,
): Certificate {
  const files = { cert: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) }
  const made = Bun.spawnSync([
    ...'openssl req -x509 -noenc -days 2'.split(' '),
    ...newKey,
    '-subj',
    `/CN=${name}`,
    '-out',
    files.cert,
    '-keyout',
    files.key,
    ...extra,
  ])
  if (!made.success) throw new Error(`openssl failed: ${made.stderr.toString()}`)
  return files
}
