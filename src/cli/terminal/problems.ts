import { formatProblem, type Problem } from '../../engine/index.ts'
import type { Terminal } from './terminal.ts'

/** Problems for people: each with its place, the line with carets and the fix, and how many there are. */
export function printProblems(terminal: Terminal, problems: readonly Problem[]): void {
  for (const problem of problems) {
    const [head = '', ...rest] = formatProblem(problem).split('\n')
    const style = problem.severity === 'error' ? 'red' : 'yellow'
    const marked = head.replace(`${problem.severity} ${problem.code}`, (text) => terminal.style(style, text))
    terminal.note([marked, ...rest].join('\n'))
  }
}

export const errorsIn = (problems: readonly Problem[]): number =>
  problems.filter(({ severity }) => severity === 'error').length

export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`
