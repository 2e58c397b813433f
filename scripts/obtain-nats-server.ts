// Runs at `npm ci` in a checkout: makes sure that a nats-server is there which can publish atomic batches, so that the first start
// of the demo and of the tests need not wait for one. Quick where one is; never fails, because serve obtains or names it again.
import { obtainNatsServer } from '../src/service/broker/index.ts'

try {
  const { path, version } = await obtainNatsServer({ older: 'replace', say: (line) => console.log(line) })
  console.log(`nats-server ${version}: ${path}`)
} catch (error) {
  console.log(`${(error as Error).message}; it is tried again at the first start`)
}
