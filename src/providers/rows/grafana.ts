import type { ProviderRow } from '../row.ts'

export const grafana: ProviderRow = {
  key: 'grafana',
  name: 'Grafana Alerting (11.6+)',
  category: 'ops',
  schemes: [
    {
      kind: 'hmac',
      when: { config: 'timestamp_header', isSet: true },
      hash: 'sha256',
      signatures: [{ at: 'header:{config:signature_header}', format: 'raw' }],
      encoding: 'hex',
      signed: '{ts}:{body}',
      timestamp: {
        from: 'header:{config:timestamp_header}',
        unit: 's',
        toleranceSeconds: 300,
        official: false,
      },
      secret: { from: 'utf8' },
    },
    {
      kind: 'hmac',
      when: { config: 'timestamp_header', isSet: false },
      hash: 'sha256',
      signatures: [{ at: 'header:{config:signature_header}', format: 'raw' }],
      encoding: 'hex',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: [],
  type: ['json:status'],
  order: ['json:groupKey'],
  content: ['json'],
  config: {
    signature_header: {
      default: 'x-grafana-alerting-signature',
      description: 'Header that carries the signature.',
    },
    timestamp_header: {
      default: '',
      description:
        'Header that carries the time, as set in the contact point. Without one nothing dates a delivery.',
    },
  },
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: [
    'hookdeck/webhook-skills grafana verification.md quoting grafana/alerting http/hmac.go',
  ],
  setUp:
    'Alerting → Contact points → Webhook → HMAC signature: the secret that you type ' +
    'there. Set a timestamp header there as well, and name it in ' +
    'INLET_CONFIG_<SOURCE>_TIMESTAMP_HEADER.',
  notes:
    'Alertmanager repeats a firing group on purpose, with the same groupKey: it is the ' +
    'partition key and no id. Header names are the contact point’s to choose; only with a ' +
    'timestamp header is a delivery dated.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which counts as a new event ' +
    'after 15 minutes.',
  samples: {
    firing: ({ now }) => ({
      receiver: 'inlet',
      status: 'firing',
      orgId: 1,
      groupKey: '{}:{alertname="PumpStalled"}',
      alerts: [
        {
          status: 'firing',
          labels: { alertname: 'PumpStalled' },
          startsAt: new Date(now).toISOString(),
          fingerprint: 'c6eadffa33fcdf37',
        },
      ],
      version: '1',
      truncatedAlerts: 0,
    }),
  },
}
