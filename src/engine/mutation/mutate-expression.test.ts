import { describe, expect, it } from 'vitest'
import { mutateExpression } from './mutate-expression.ts'

const texts = (source: string) => mutateExpression(source).map(({ text }) => text)

describe('mutateExpression', () => {
  it.each<[string, ReadonlyArray<string | undefined>]>([
    ['amount <= 5', [undefined, 'amount < 5', 'amount >= 5', 'amount <= 2.5', 'amount <= 10']],
    ['outcome = "a >= 1 and b"', [undefined, 'outcome != "a >= 1 and b"']],
    ['a = "x" and b', ['b', 'a = "x"', 'a != "x" and b']],
    ['a or b and c', [undefined]],
    ['$f(a and b)', [undefined]],
    ['$contains(name, /1 <= 2/)', [undefined]],
    ['`card-1` > 0', [undefined, '`card-1` >= 0', '`card-1` < 0']],
  ])('%s', (source, expected) => {
    expect(texts(source)).toEqual(expected)
  })

  it('names every mutation by a place of its own', () => {
    const places = mutateExpression('a >= 7000 and a < 10000 and $not(b)').map(({ place }) => place)
    expect(new Set(places).size).toBe(places.length)
  })
})
