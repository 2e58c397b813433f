import { expect, onTestFinished, test } from 'vitest'
import { RULE, startFakeApi } from '../support/api.ts'

test('the key of a rule that never was is not erased, as if that were all; one that was removed still has it', async () => {
  const { app, services } = await startFakeApi()
  onTestFinished(() => app.close())
  const erase = async (...rules: readonly string[]) => {
    const payload = { key: 'ada', reason: 'asked to be forgotten', rules }
    return app.inject({ method: 'POST', url: '/v1/erasures', payload })
  }
  const refused = await erase('helo')
  expect([refused.statusCode, refused.json()]).toEqual([
    404,
    expect.objectContaining({ code: 'rule-not-found', detail: 'there is no rule helo' }),
  ])
  expect((await app.inject('/v1/erasures')).json()).toEqual({ erasures: [] })

  await services.catalogue.put('hello', { text: RULE, format: 'yaml' }, { kind: 'any' }, {})
  expect((await erase('hello')).statusCode).toBe(202)
  expect((await erase('hello', 'helo')).statusCode).toBe(404)
  await services.catalogue.remove('hello', { kind: 'any' }, {})
  expect((await erase('hello')).statusCode).toBe(202)
})
