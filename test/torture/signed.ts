import { createHmac } from 'node:crypto'

/** A delivery as GitHub would send it. */
export interface SignedDelivery {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Signs a body as GitHub does. */
export function signedDelivery(secret: string, id: string, body: string): SignedDelivery {
  const signature = createHmac('sha256', secret).update(body).digest('hex')
  return {
    body,
    headers: {
      'content-type': 'application/json',
      'x-github-event': 'push',
      'x-github-delivery': id,
      'x-hub-signature-256': `sha256=${signature}`,
    },
  }
}

/** Sends it, and resolves to the status that came back. */
export async function send(url: string, delivery: SignedDelivery): Promise<number> {
  const response = await fetch(`${url}/hooks/github`, { method: 'POST', ...delivery })
  await response.arrayBuffer()
  return response.status
}
