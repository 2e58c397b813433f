import { expect, test } from 'vitest'
import { expressionTools } from '../expression/index.ts'
import type { SourceText } from '../model/index.ts'
import { sharedExpressions } from './shared-expressions.ts'

const A = { steps: [{ name: 'A', counted: false }] }
const counted = { steps: [{ name: 'A', counted: true }] }
const at = (text: string, pointer = '/where'): SourceText => ({ text, pointer })

test('one text is one expression, wherever it stands', () => {
  const { compileExpression } = sharedExpressions(expressionTools)
  const first = compileExpression(at('amount > 1'), A)
  expect(compileExpression(at('amount > 1', '/else'), { steps: [] })).toBe(first)
  expect(compileExpression(at('amount > 2'), A)).not.toBe(first)
  // Its share of what a condition may use is another.
  expect(compileExpression(at('amount > 1'), A, 2)).not.toBe(first)
})

test('a text that names a step is another one among other steps', () => {
  const { compileExpression } = sharedExpressions(expressionTools)
  const first = compileExpression(at('amount > $A.amount'), A)
  expect(first.ok).toBe(true)
  expect(compileExpression(at('amount > $A.amount'), A)).toBe(first)
  expect(compileExpression(at('amount > $A.amount'), counted)).not.toBe(first)
  expect(compileExpression(at('amount > $A.amount'), { steps: [] }).ok).toBe(false)
})

test('problems are told with the place of each', () => {
  const { compileExpression } = sharedExpressions(expressionTools)
  const places = ['/one', '/two'].map(
    (pointer) => compileExpression(at('amount >', pointer), A).problems[0]?.at.pointer,
  )
  expect(places).toEqual(['/one', '/two'])
})
