/**
 * Requests that attackers and broken clients send, each as the bytes on the wire. None of them is
 * signed by who has the secret, so none may ever be stored.
 */

const HOST = 'host: gateway.test'
const UNSIGNED = `POST /hooks/github HTTP/1.1\r\n${HOST}\r\ncontent-type: application/json\r\n`
const FORGED = `${UNSIGNED}x-github-event: push\r\nx-github-delivery: forged\r\n`
const SIGNATURE = `x-hub-signature-256: sha256=${'ab'.repeat(32)}\r\n`
const BODY = '{"repository":{"id":1},"n":0}'
const LENGTH = `content-length: ${BODY.length}\r\n`
const SIGNED = `${FORGED}${SIGNATURE}`
const CHUNKED = 'transfer-encoding: chunked\r\n'
const CHUNKS = `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`
const WHOLE = `${SIGNED}${LENGTH}\r\n${BODY}`
const MIB = 1024 * 1024

const SIGNATURES = [
  '',
  'x-hub-signature-256:\r\n',
  'x-hub-signature-256: sha256=\r\n',
  'x-hub-signature-256: v1,\r\n',
  `x-hub-signature-256: sha256=${'g'.repeat(64)}\r\n`,
  `x-hub-signature-256: sha256=${'ab'.repeat(16)}\r\n`,
  `${SIGNATURE}${SIGNATURE}`,
  `x-hub-signature-256: ${'sha256=00,'.repeat(64)}\r\n`,
  `x-hub-signature-256: sha256=\u00ff\u00fe\r\n`,
].map((signature) => `${FORGED}${signature}${LENGTH}\r\n${BODY}`)

const SMUGGLING = [
  `${SIGNED}${LENGTH}${CHUNKED}\r\n${CHUNKS}`,
  `${SIGNED}${LENGTH}content-length: 4\r\n\r\n${BODY}`,
  `${SIGNED}${LENGTH}${LENGTH}\r\n${BODY}`,
  `${SIGNED}content-length: -1\r\n\r\n${BODY}`,
  `${SIGNED}content-length: +${BODY.length}\r\n\r\n${BODY}`,
  `${SIGNED}content-length: 0x10\r\n\r\n${BODY}`,
  `${SIGNED}content-length: 99999999999999999999\r\n\r\n${BODY}`,
  `${SIGNED}content-length : ${BODY.length}\r\n\r\n${BODY}`,
  `${SIGNED}transfer-encoding: xchunked\r\n\r\n${CHUNKS}`,
  `${SIGNED}transfer-encoding: gzip, chunked\r\n\r\n${CHUNKS}`,
  `${SIGNED}transfer-encoding:\tchunked\r\n\r\n${CHUNKS}`,
  `${SIGNED}transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n\r\n${CHUNKS}`,
  `${SIGNED}x: 1\r\n folded\r\n${LENGTH}\r\n${BODY}`,
  `${SIGNED}x: a\0b\r\n${LENGTH}\r\n${BODY}`,
  `${SIGNED}${LENGTH}\n${BODY}`,
  `POST /hooks/github HTTP/1.1\r\n${LENGTH}\r\n${BODY}`,
  `POST /hooks/github HTTP/1.1\r\n${HOST}\r\n${HOST}2\r\n${LENGTH}\r\n${BODY}`,
  `${SIGNED}${LENGTH}\r\n${BODY}GET /hooks/github HTTP/1.1\r\n${HOST}\r\n\r\n`,
]

const CHUNK_ABUSE = [
  `${SIGNED}${CHUNKED}\r\nffffffffffffffff\r\n${BODY}`,
  `${SIGNED}${CHUNKED}\r\n-1\r\n${BODY}\r\n0\r\n\r\n`,
  `${SIGNED}${CHUNKED}\r\n1d;${'x'.repeat(8_000)}\r\n${BODY}\r\n0\r\n\r\n`,
  `${SIGNED}${CHUNKED}\r\n${'1\r\na\r\n'.repeat(3_000)}0\r\n\r\n`,
  `${SIGNED}${CHUNKED}\r\n1d\r\n${BODY}0\r\n\r\n`,
  `${SIGNED}${CHUNKED}\r\n0\r\ntrailer: ${'x'.repeat(4_000)}\r\n\r\n`,
  `${SIGNED}${CHUNKED}\r\n`,
]

const GIANTS = [
  `${SIGNED}x: ${'x'.repeat(20_000)}\r\n${LENGTH}\r\n${BODY}`,
  `${SIGNED}${Array.from({ length: 300 }, (_, n) => `x-${n}: 1\r\n`).join('')}${LENGTH}\r\n${BODY}`,
  `POST /hooks/${'a'.repeat(15_000)} HTTP/1.1\r\n${HOST}\r\n${LENGTH}\r\n${BODY}`,
  `${SIGNED}content-length: ${2 * MIB}\r\n\r\n${'x'.repeat(64 * 1024)}`,
  `${SIGNED}${CHUNKED}\r\n10000\r\n${'x'.repeat(65_536)}\r\n0\r\n\r\n`,
  `${SIGNED}content-length: 60000\r\n\r\n${'['.repeat(60_000)}`,
  `${SIGNED}content-length: 60000\r\n\r\n${'{"a":'.repeat(12_000)}`,
]

const ODD_BODIES = [
  `${SIGNED}content-length: 6\r\n\r\n\u00ff\u00fe\u00c0\u0080\u00ed\u00a0`,
  `${SIGNED}content-length: 5\r\n\r\n\u00ef\u00bb\u00bf{}`,
  `${SIGNED}content-length: 44\r\n\r\n{"__proto__":{"a":1},"constructor":{"b":1} }`,
  `${SIGNED}content-encoding: gzip\r\n${LENGTH}\r\n${BODY}`,
  `${SIGNED}content-length: 1000\r\n\r\nshort`,
  `${SIGNED}content-length: 0\r\n\r\n`,
  `${SIGNED}expect: 100-continue\r\n${LENGTH}\r\n${BODY}`,
]

const ODD_LINES = [
  'GET / HTTP/1.1\r\n\r\n',
  `GET /hooks/github HTTP/1.1\r\n${HOST}\r\n\r\n`,
  `TRACE /hooks/github HTTP/1.1\r\n${HOST}\r\n\r\n`,
  `CONNECT evil.test:443 HTTP/1.1\r\n${HOST}\r\n\r\n`,
  `OPTIONS * HTTP/1.1\r\n${HOST}\r\n\r\n`,
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'GET /\r\n',
  '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003',
  '\r\n\r\n\r\n\r\n',
  `POST /hooks/%2e%2e/%2e%2e/admin HTTP/1.1\r\n${HOST}\r\n${LENGTH}\r\n${BODY}`,
  `POST /hooks/../healthz HTTP/1.1\r\n${HOST}\r\n${LENGTH}\r\n${BODY}`,
  `POST //hooks//github HTTP/1.1\r\n${HOST}\r\n${LENGTH}\r\n${BODY}`,
  `POST http://evil.test/hooks/github HTTP/1.1\r\n${HOST}\r\n${LENGTH}\r\n${BODY}`,
  `POST /hooks/\u00ff\u00fe%ff%00 HTTP/1.1\r\n${HOST}\r\n${LENGTH}\r\n${BODY}`,
  `POST /hooks/__proto__ HTTP/1.1\r\n${HOST}\r\n${LENGTH}\r\n${BODY}`,
  `POST /hooks/github HTTP/9.9\r\n${HOST}\r\n${LENGTH}\r\n${BODY}`,
]

const EVENTS = 'POST /events HTTP/1.1\r\nhost: gateway.test\r\n'
const CLOUD_EVENTS = [
  `${EVENTS}content-type: application/cloudevents+json\r\n${LENGTH}\r\n${BODY}`,
  `${EVENTS}authorization: Bearer ${'x'.repeat(40)}\r\n${LENGTH}\r\n${BODY}`,
  `${EVENTS}authorization: Bearer\r\nidempotency-key: "\r\n${LENGTH}\r\n${BODY}`,
  `${EVENTS}authorization: ${'Bearer '.repeat(200)}\r\n${LENGTH}\r\n${BODY}`,
]

/** In latin1: what is above 0x7f stands for one byte. */
const TEXTS = [
  WHOLE,
  ...SIGNATURES,
  ...SMUGGLING,
  ...CHUNK_ABUSE,
  ...GIANTS,
  ...ODD_BODIES,
  ...ODD_LINES,
  ...CLOUD_EVENTS,
  WHOLE.repeat(10), // pipelined
  `GET /hooks/github HTTP/1.1\r\n${HOST}\r\n\r\n`.repeat(50),
]

const CORPUS: readonly Buffer[] = TEXTS.map((text) => Buffer.from(text, 'latin1'))

/** What a parser may take for something else. */
const TOKENS = ['\r\n', '\n', '\0', ':', ' ', '\t', ';', ',', '%00', '0', '-1', '\u00ff', '"', '{']

/** One of the corpus, with up to eight changes: flipped, cut, doubled, joined and spliced bytes. */
export function mutated(random: () => number): Buffer {
  const pick = <T>(list: readonly T[], otherwise: T): T =>
    list[Math.floor(random() * list.length)] ?? otherwise
  let bytes = pick(CORPUS, Buffer.alloc(0))
  for (let changes = Math.floor(random() * 9); changes > 0; changes -= 1) {
    // Near the start, where the parser is: most changes hit the head.
    const at = Math.floor(random() ** 2 * bytes.length)
    const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)]
    const length = 1 + Math.floor(random() * 32)
    const kind = Math.floor(random() * 6)
    if (kind === 0)
      bytes = Buffer.concat([before, Buffer.from([random() * 256]), after.subarray(1)])
    else if (kind === 1) bytes = Buffer.concat([before, after.subarray(length)])
    else if (kind === 2) bytes = Buffer.concat([before, after.subarray(0, length), after])
    else if (kind === 3)
      bytes = Buffer.concat([before, Buffer.from(pick(TOKENS, ''), 'latin1'), after])
    else if (kind === 4) bytes = Buffer.concat([before, pick(CORPUS, before).subarray(0, 64_000)])
    else bytes = Buffer.from(before)
  }
  return bytes
}
