/**
 * What a row says about requests that its provider wants answered in a way of its own: probes of
 * the endpoint, and deliveries whose answer has to have a certain status or body.
 */
import { z } from 'zod'

const Text = z.string().min(1)

/** A value of a request: a header, a query parameter, a form field, or a path in its data. */
export const RequestReference = z.templateLiteral([
  z.enum(['header', 'query', 'json', 'form']),
  ':',
  z.string(),
])
export type RequestReference = z.infer<typeof RequestReference>

/**
 * A value that the operator sets with INLET_CONFIG_<SOURCE>_<NAME>; the row's `config` declares it.
 */
export const ConfigReference = z.templateLiteral(['{config:', z.string().regex(/^[a-z_]+$/), '}'])

const Value = z.union([Text, z.int()])

/** Which requests are meant: all of it holds. */
export const Condition = z.strictObject({
  /** Of each value, what it is; of several, which it may be. */
  equals: z.record(RequestReference, z.union([Value, z.array(Value).min(2)])).optional(),
  /** The data is an object with exactly these members. */
  only: z.array(Text).min(1).optional(),
  present: z.array(RequestReference).optional(),
  absent: z.array(RequestReference).optional(),
})
export type Condition = z.infer<typeof Condition>

const PART = /\{[^{}]*\}/g
const KNOWN_PART =
  /^\{(?:config:[a-z_]+|(?:hmacHex:|hmacBase64:)?(?:header|query|json|form):[^{}]+)\}$/

/**
 * Text with values of the request in it: `{query:challenge}`, `{config:rate}`, or the MAC of one
 * under the source's secret: `{hmacHex:json:payload.token}`. Only tokens are signed: anybody can
 * ask for it, and must not get the signature of a body.
 */
const Template = Text.refine(
  (text) => (text.match(PART) ?? []).every((part) => KNOWN_PART.test(part)),
  'has a part that the engine does not implement',
)

/** An answer: text is plain, JSON is escaped, and neither is empty. */
export const Respond = z.strictObject({
  status: z.int().min(200).max(299),
  headers: z.record(z.string().regex(/^[a-z0-9-]+$/), Template).optional(),
  text: Template.optional(),
  json: z.record(Text, z.union([Template, z.int()])).optional(),
})
export type Respond = z.infer<typeof Respond>

/**
 * A value that has to be what the operator configured, in the comma-separated list of that, or of a
 * certain form.
 */
const Check = z.union([
  z.strictObject({ value: RequestReference, matches: z.instanceof(RegExp) }),
  z.strictObject({ value: RequestReference, equals: ConfigReference }),
  z.strictObject({ value: RequestReference, oneOf: ConfigReference }),
])
export type Check = z.infer<typeof Check>

/** A probe of the endpoint. */
export const HandshakeRule = z.strictObject({
  name: Text,
  when: Condition.extend({
    /** Default: POST. */
    method: z.enum(['GET', 'HEAD', 'OPTIONS', 'POST']).optional(),
  }),
  /** The provider sends it without the proof that its deliveries have. */
  unsigned: z.literal(true).optional(),
  check: z.array(Check).optional(),
  /** The status where a check does not hold. Default: that of HANDSHAKE_REFUSED. */
  otherwise: z.int().min(400).max(499).optional(),
  /** Where the secret of all later deliveries stands. */
  learn: RequestReference.optional(),
  /** What the provider wants called, and where that may be at most: see `OutboundCall`. */
  confirm: z.strictObject({ url: RequestReference, hosts: z.array(Text).min(1) }).optional(),
  respond: Respond,
})
export type HandshakeRule = z.infer<typeof HandshakeRule>

/** What a delivery that was stored is answered; the first whose condition holds. */
export const TakenRule = z.strictObject({ when: Condition.optional(), respond: Respond })
export type TakenRule = z.infer<typeof TakenRule>
