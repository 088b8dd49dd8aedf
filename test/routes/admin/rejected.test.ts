import { expect, test } from 'bun:test'
import { rejectedRoutes } from '../../../routes/admin/rejected.ts'
import { RejectedPage } from '../../../src/admin-api/admin-api.ts'
import { openRejections } from '../../../src/rejections/rejections.ts'
import { manualClock } from '../../support/manual-clock.ts'

test('what was refused is shown with its source or without, and its body as base64', async () => {
  const rejections = openRejections({ clock: manualClock(), keepsBodies: true })
  const request = { method: 'POST', headers: new Headers({ 'x-signature': 'sha256=abc' }) }
  const refused = { kind: 'refused', code: 'SIGNATURE_MISMATCH', detail: 'no' } as const
  const body = new Uint8Array([0, 255])
  rejections.keep({ source: 'github', address: '192.0.2.1', request, body, refused })
  rejections.keep({ address: '192.0.2.1', request, refused })
  const app = rejectedRoutes({ list: (query) => rejections.list(query) })
  const ask = async (query: string) => {
    const response = await app.request(`/api/rejected${query}`)
    return RejectedPage.parse(await response.json()).rejected
  }

  expect((await ask('')).map(({ source }) => source)).toEqual(['(unknown)', 'github'])
  expect(await ask('?source=github')).toMatchObject([{ bodyBytes: 2, bodyBase64: 'AP8=' }])
  expect(await ask('?source=(unknown)')).toMatchObject([{ id: 2, bodyBytes: null }])
  expect(await ask('?limit=1')).toHaveLength(1)
})
