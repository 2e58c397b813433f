import {
  type Expression,
  nearest,
  type Place,
  type Problem,
  type SourceText,
  sourcePlace,
} from '../model/index.ts'
import type { RuleCode } from './codes.ts'

/** A list that a rule looks values up in, and where it first says so. */
export interface ListRead {
  readonly list: string
  readonly at: Place
}

/** The lists that an expression names. */
export function listReads(source: SourceText, { reads }: Expression): readonly ListRead[] {
  return reads.lists.map((list) => {
    const written = [JSON.stringify(list), `'${list}'`].map((name) => source.text.indexOf(name))
    const offset = written.find((index) => index >= 0)
    return {
      list,
      at: sourcePlace(
        source,
        offset === undefined
          ? { offset: 0, length: source.text.length }
          : { offset: offset + 1, length: list.length },
      ),
    }
  })
}

/** Warnings for lists that nobody has made: nothing is on them. */
export function unknownLists(reads: readonly ListRead[], known: Iterable<string>): readonly Problem[] {
  const names = new Set(known)
  const code: RuleCode = 'unknown-list'
  return reads
    .filter(({ list }) => !names.has(list))
    .map(({ list, at }) => {
      const meant = nearest(list, names)
      return {
        code,
        severity: 'warning',
        message: `There is no list \`${list}\`: nothing is on it.`,
        hint:
          meant === undefined
            ? `make it with \`sequitur list add ${list} VALUE\`, or apply a document that begins with \`list: ${list}\``
            : `did you mean \`${meant}\`?`,
        at,
      }
    })
}
