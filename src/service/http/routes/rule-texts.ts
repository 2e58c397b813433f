import { failure, type Result, success } from '../../../engine/index.ts'
import type { RuleText } from '../../catalogue/index.ts'
import { parseJson } from '../body.ts'
import type { TextBody } from '../route.ts'

const RULES_MAX = 1000

/** The rules of a body, one text each, with the lines where they begin: YAML documents, or the elements of a JSON array. */
export function splitRules(body: TextBody): Result<readonly RuleText[]> {
  const texts = body.type === 'application/json' ? splitJson(body.text) : success(splitYaml(body.text))
  if (!texts.ok) return texts
  if (texts.value.length === 0) return refuse('empty-document', 'there is no rule in it')
  if (texts.value.length > RULES_MAX)
    return refuse('too-many', `there are more than ${RULES_MAX} rules in it`)
  return texts
}

/** In YAML `---` at the start of a line separates documents, also inside quotes and blocks. */
function splitYaml(text: string): readonly RuleText[] {
  const starts = [0, ...[...text.matchAll(/^---(?=[ \t\r\n]|$)/gm)].map(({ index }) => index)]
  const texts: RuleText[] = []
  let line = 1
  for (const [index, start] of [...new Set(starts)].entries()) {
    const end = [...new Set(starts)][index + 1] ?? text.length
    const separated = text.slice(start, end)
    // What separates documents belongs to none of them: a rule comes back as its author wrote it.
    const separator = /^---[ \t]*\r?\n/.exec(separated)?.[0] ?? ''
    const document = separated.slice(separator.length)
    // Nothing but a separator, comments and blank lines is no document.
    if (/^(?!---(\s|$))[ \t]*[^\s#]/m.test(document))
      texts.push({ text: document, format: 'yaml', firstLine: line + (separator === '' ? 0 : 1) })
    line += separated.split('\n').length - 1
  }
  return texts
}

function splitJson(text: string): Result<readonly RuleText[]> {
  // One rule is passed on as it was written, so that its problems have their lines.
  if (/^\s*\{/.test(text)) return success([{ text, format: 'json' }])
  const parsed = parseJson(text)
  if (!parsed.ok) return refuse('json-syntax', parsed.problem.detail)
  if (!Array.isArray(parsed.body))
    return refuse('wrong-type', 'a rule is an object; several are an array of objects')
  return success(
    parsed.body.map((rule, index) => ({
      text: JSON.stringify(rule, null, 2),
      format: 'json',
      file: `/${index}`,
    })),
  )
}

const refuse = (code: string, message: string) =>
  failure([{ code, severity: 'error', message, at: { pointer: '' } }])
