import { readLists } from '../../engine/index.ts'
import type { RuleFile } from './find-rule-files.ts'

/** Texts of one request; the service takes 256 KiB. */
const CHARACTERS_MAX = 60_000

/** The rules of files as YAML documents (of which JSON is a part), several to a request; lists go another way. */
export function ruleBodies(files: readonly RuleFile[]): readonly string[] {
  const bodies: string[] = []
  let body = ''
  for (const document of files.flatMap(documentsOf)) {
    if (body !== '' && body.length + document.length > CHARACTERS_MAX) {
      bodies.push(body)
      body = ''
    }
    body += document
  }
  return body === '' ? bodies : [...bodies, body]
}

function documentsOf(file: RuleFile): readonly string[] {
  const { text, format } = file
  // YAML does not take all of JSON's white space.
  const yaml =
    format === 'json'
      ? JSON.stringify(JSON.parse(text), null, 2)
      : text.replace(/^\uFEFF/, '').replace(/^---[ \t]*\r?\n/, '')
  const lists = readLists(text, { format })
  const hasLists = !lists.ok || lists.value.length > 0
  const parts = hasLists && format === 'yaml' ? yaml.split(/^---[ \t]*\r?\n/m) : [yaml]
  return parts
    .filter((part) => !hasLists || !isOnlyLists(part))
    .map((part) => `---\n${part}${part.endsWith('\n') ? '' : '\n'}`)
}

function isOnlyLists(text: string): boolean {
  const read = readLists(text, { format: 'yaml' })
  return read.ok && read.value.length > 0
}
