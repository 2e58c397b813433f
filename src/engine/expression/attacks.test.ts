import { expect, test } from 'vitest'
import type { ExpressionScope, JsonObject } from '../model/index.ts'
import { compileExpression } from './index.ts'
import { frameOf } from './testing/frames.ts'

const SCOPE: ExpressionScope = { steps: [] }
const LONG = 'x'.repeat(60_000)

/** Each is one line that costs seconds, gigabytes or the process where nothing is counted. */
const ATTACKS: readonly string[] = [
  '$length($reduce([1..26], function($a, $b) { $a & $a }, "ab"))',
  '$length($pad("x", 200000000))',
  '$length($pad("x", 50000000))',
  '$length($pad("x", -200000000, "ab"))',
  '($f := function($x) { $f($x) }; $f(1))',
  '($f := function($x) { $f($x) + 1 }; $f(1))',
  '($f := function($x) { $x < 2 ? 1 : $f($x - 1) + $f($x - 2) }; $f(40))',
  '($f := function($x) { [$f($x), $f($x)] }; $f(1))',
  '($a := function($x) { $b($x) }; $b := function($x) { $a($x) }; $a(1))',
  '($y := function($f) { $f($f) }; $y($y))',
  '[1..10000000]',
  '[1..100000]',
  '[0..9999].[0..9999]',
  '$count([1..9999].([1..9999]))',
  '$map([1..9999], function($x) { [1..9999] })',
  '$reduce([1..9999], function($a, $b) { $append($a, [1..9999]) }, [])',
  '$reduce([1..60], function($a, $b) { [$a, $a] }, 1) ~> $string()',
  '$reduce([1..60], function($a, $b) { {"a": $a, "b": $a} }, 1) ~> $string()',
  '$reduce([1..60], function($a, $b) { [$a, $a] }, 1) = $reduce([1..60], function($a, $b) { [$a, $a] }, 1)',
  '$count($reduce([1..60], function($a, $b) { [$a, $a] }, 1).**)',
  '$boolean($reduce([1..60], function($a, $b) { [$a, $a] }, 0))',
  '$reduce([1..60], function($a, $b) { {"a": $a, "b": $a} }, 1) ~> |$|{"z": 1}|',
  '$count($distinct([1..9999].{"a": $}))',
  '$distinct([1..9999].[$, [$]])',
  '$sort([1..9999], function($a, $b) { $sum([1..9999]) > 0 })',
  '[1..9999]^(>$sum([1..$]))',
  '$contains(long, /^(x|x)*y$/)',
  '$contains(long, /(x+x+)+y/)',
  '$split(long, /(x+x+)+y/)',
  '$replace(long, /(x*)*y/, "a")',
  '$match(long, /(x|xx)+y/)',
  '$replace(long, /x/, long)',
  '$replace(long, "x", long)',
  '$join($map([1..9999], function($x) { long }))',
  '$string([1..9999].(long))',
  '$split(long, "") ~> $map(function($c) { long & $c })',
  '$formatBase($power(10, 300), 2) & $pad("", 100000000)',
  '$formatNumber(1, $pad("", 100000, "0"))',
  '$formatNumber(1e300, "#,0.00")',
  '$formatInteger(1e300, "w")',
  '$formatInteger(1e15, "I")',
  '$formatInteger(123456789, "A")',
  '$fromMillis(0, $pad("", 9999, "[Y]"))',
  '$fromMillis(0, "[Y99999999]")',
  '$fromMillis(0, "[Y,*-99999999]")',
  '$toMillis($pad("", 200, "1"), "[Y][M][D][H][m][s][f][Y][M][D][H][m][s][f]x")',
  '$toMillis($pad("", 250, "one "), "[Yw][Mw][Dw]x")',
  '$parseInteger($pad("", 250, "one "), "w")',
  '$base64encode(long & long & long & long & long)',
  '$encodeUrlComponent($pad("", 250000, "é"))',
  '$zip([1..9999], [1..9999], [1..9999]) ~> $map(function($z) { [1..9999] })',
  '[1..9999]{$string(): [1..9999]}',
  '[1..9999]{"a": $sum($)} ~> $each(function($v) { [1..9999] ~> $map(function($x) { [1..$x] }) })',
  '$spread([1..9999].{"a": 1, "b": 2, "c": 3})',
  '$merge([1..9999].{$string($): [1..999]})',
  '[1..9999]#$i.[1..9999]#$j.($i + $j)',
  '[1..999]@$a.[1..999]@$b.{"s": $a + $b}',
  '$reduce([1..9999], function($a, $b) { $merge([$a, {$string($b): $a}]) }, {})',
  '$single([1..9999], function($x) { $sum([1..9999]) < 0 })',
  '$filter([1..9999], function($x) { $count([1..9999][$ > 5000]) > 0 })',
  '$uppercase($uppercase(long & long) & $reduce([1..20], function($a) { $a & $a }, long))',
  '(function($x) { $x($x) })(function($x) { $x($x) })',
  '$reverse([1..9999]) ~> $map($string) ~> $join($pad("", 60000, ","))',
]

test.each(ATTACKS)('is stopped: %s', (text) => {
  const compiled = compileExpression(text, { scope: SCOPE })
  if (!compiled.ok) {
    expect(compiled.problems[0]?.code).toMatch(/^[a-z-]+$/)
    return
  }
  const frame = frameOf({ long: LONG } as JsonObject)
  const first = compiled.value.evaluate(frame)
  // Some are harmless once their cost is linear; what is stopped is stopped alike every time.
  if (!first.ok) expect(first.error.code).toMatch(/^[DTU]\d{4}$/)
  const second = compiled.value.evaluate(frame)
  expect(second.ok).toBe(first.ok)
  if (!first.ok && !second.ok) expect(second.error.code).toBe(first.error.code)
})

test('the conjuncts of a condition share what it may use, and each is counted by itself', () => {
  const heavy = Array.from({ length: 50 }, (_, i) => `$count([1..9000]) != ${i}`)
  for (const text of [heavy.join(' and '), [...heavy, 'false'].join(' and ')]) {
    const compiled = compileExpression(text, { scope: SCOPE })
    if (!compiled.ok) throw new Error('must compile')
    // A fiftieth is too little for nine thousand numbers; the last one is false whatever the others have used.
    expect(compiled.value.test(frameOf({} as JsonObject))).toBe(text.endsWith('false') ? 0 : -1)
  }
  const light = Array.from({ length: 50 }, (_, i) => `$count([1..9]) != ${i + 10}`).join(' and ')
  const compiled = compileExpression(light, { scope: SCOPE })
  expect(compiled.ok && compiled.value.test(frameOf({} as JsonObject))).toBe(1)
})

test('what one evaluation may use is counted once, however many operands the condition has', () => {
  const text = Array.from({ length: 100 }, (_, i) => `$count([1..900]) = ${i}`).join(' or ')
  const compiled = compileExpression(text, { scope: SCOPE })
  if (!compiled.ok) throw new Error('must compile')
  expect(compiled.value.test(frameOf({} as JsonObject))).toBe(-1)
  expect(compiled.value.lastError?.code).toMatch(/^U100[12]$/)
})

test('nesting costs what it is long, not two to the power of it', () => {
  const nested = `${'$not('.repeat(60)}a${')'.repeat(60)}`
  expect(compileExpression({ text: nested, pointer: '' }, { scope: { steps: [] } }).ok).toBe(true)
})
