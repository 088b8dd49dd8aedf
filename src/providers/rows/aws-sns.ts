import { compileAwsSns, SNS_HOSTS } from '../code/aws-sns.ts'
import type { ProviderRow } from '../row.ts'

export const awsSns: ProviderRow = {
  key: 'aws_sns',
  name: 'Amazon SNS (HTTP and HTTPS)',
  category: 'cloud',
  setUp:
    'SNS → Topics → the topic: its ARN, in INLET_CONFIG_<SOURCE>_TOPIC_ARN. Leave raw ' +
    'message delivery off. There is no secret.',
  schemes: [
    {
      kind: 'code',
      description:
        'RSA over the fields that SNS signs for each type of message, with SHA-1 or SHA-256 ' +
        'as SignatureVersion says, by the certificate at SigningCertURL.',
      at: ['json:Signature'],
      compile: compileAwsSns,
    },
  ],
  id: ['json:MessageId'],
  type: ['json:Type'],
  order: [],
  content: ['json'],
  config: {
    topic_arn: {
      default: '',
      required: true,
      description: 'The ARN of the topic; of several, separated by commas.',
    },
  },
  handshakes: [
    {
      name: 'SubscriptionConfirmation',
      when: { equals: { 'json:Type': 'SubscriptionConfirmation' } },
      confirm: { url: 'json:SubscribeURL', hosts: SNS_HOSTS },
      respond: { status: 200 },
    },
  ],
  ack: {
    timeoutSeconds: 15,
    retries: 'by the policy of the subscription; default: 3 at once, then with growing gaps',
    verified: false,
  },
  level: 'sdk',
  sources: ['aws/aws-js-sns-message-validator index.js'],
  notes:
    'Whoever has an AWS account can have SNS sign messages, so the topic is pinned. The ' +
    'certificate is fetched from a host of SNS only, with the name that SNS gives it; that ' +
    'it is theirs follows from the https connection. Set the topic’s SignatureVersion to 2: ' +
    'the default, 1, is SHA-1. A standard topic promises no order, so each message has a ' +
    'key of its own.',
  notSigned: 'UnsubscribeURL. The time is signed, and no limit to its age is set by SNS.',
  samples: {},
}
