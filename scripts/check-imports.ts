// The import rules hold only if somebody looked: a run that saw no module is a failure, not a pass.
import { createRequire } from 'node:module'
import { cruise } from 'dependency-cruiser'

const configuration = createRequire(import.meta.url)('../.dependency-cruiser.cjs')
const { output } = await cruise(['src'], {
  ruleSet: { forbidden: configuration.forbidden },
  validate: true,
  ...configuration.options,
})
if (typeof output === 'string')
  throw new Error('dependency-cruiser answered with text where a result was expected')

const { totalCruised, violations } = output.summary
for (const violation of violations) {
  console.error(`${violation.rule.severity} ${violation.rule.name}: ${violation.from} → ${violation.to}`)
}
console.log(`import rules: ${totalCruised} modules, ${violations.length} violations`)
if (totalCruised < 10 || violations.length > 0) process.exitCode = 1
