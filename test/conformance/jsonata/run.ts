import { readSuite, runCase } from './suite.ts'

/** `npm run -s conformance:jsonata -- FILE.json`: failures, refusals by code, and a last line with the counts. */
const file = process.argv[2]
if (file === undefined) {
  console.error('usage: npm run -s conformance:jsonata -- FILE.json')
  process.exit(2)
}
const suite = readSuite(file)
let passed = 0
let failed = 0
let refused = 0
for (const test of suite.cases) {
  const verdict = runCase(suite, test)
  if (verdict.kind === 'passed') passed++
  else if (verdict.kind === 'refused') {
    refused++
    console.log(`refused ${test.id}: ${verdict.code}: ${test.expr.slice(0, 100)}`)
  } else {
    failed++
    console.log(`failed ${test.id}: ${verdict.why}: ${test.expr.slice(0, 200)}`)
  }
}
console.log(`${passed} passed, ${failed} failed, ${refused} refused`)
process.exitCode = failed === 0 ? 0 : 1
