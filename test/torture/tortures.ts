import { backup } from './backup.ts'
import { bytes } from './bytes.ts'
import { clock } from './clock.ts'
import { crash } from './crash.ts'
import { consume } from './consume.ts'
import { kafka, KAFKA_PARTS } from './kafka/kafka.ts'
import { hostile } from './hostile.ts'
import { deploy } from './deploy.ts'
import { disk } from './disk.ts'
import { kill } from './kill.ts'
import { poison } from './poison.ts'
import { powerCut } from './power-cut.ts'
import { redis } from './redis.ts'
import { signatures } from './signatures.ts'
import { simulation } from './simulation.ts'
import { soak } from './soak.ts'
import type { Torture } from './torture.ts'
import { two } from './two.ts'
import { upgrade } from './upgrade.ts'
import { wal } from './wal.ts'

/** Every torture by its name, in the order in which they run. */
export const TORTURES: Readonly<Record<string, Torture>> = {
  crash: { promise: 'durable ack, killed at every place', parts: 1, run: crash },
  kill: { promise: 'durable ack, kill -9 under load', parts: 1, run: kill },
  powercut: { promise: 'durable ack, power cuts', parts: 8, run: powerCut },
  disk: { promise: 'durable ack, disks that fail or are full', parts: 2, run: disk },
  kafka: { promise: 'no loss, a cluster of three that fails', parts: KAFKA_PARTS, run: kafka },
  poison: { promise: 'a refused record, a missing topic', parts: 1, run: poison },
  consume: { promise: 'processed once in effect, killed', parts: 1, run: consume },
  bytes: { promise: 'bytes unchanged, odd bodies', parts: 1, run: bytes },
  redis: { promise: 'Redis is a hint, whatever it does', parts: 1, run: redis },
  clock: { promise: 'a wall clock that jumps', parts: 1, run: clock },
  two: { promise: 'one owner, order', parts: 1, run: two },
  deploy: { promise: 'available, restarts under load', parts: 1, run: deploy },
  http: { promise: 'bounded and authentic, hostile HTTP', parts: 1, run: hostile },
  signatures: { promise: 'authentic, every provider, damaged', parts: 1, run: signatures },
  backup: { promise: 'a backup under load, restored', parts: 1, run: backup },
  upgrade: { promise: 'the first database, two starters', parts: 1, run: upgrade },
  wal: { promise: 'bounded, a log that starts over', parts: 1, run: wal },
  soak: { promise: 'bounded, half load with faults', parts: 3, run: soak },
  simulation: { promise: 'all of them, in every order', parts: 1, run: simulation },
}
