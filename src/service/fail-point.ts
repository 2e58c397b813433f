/** Places where the kill harness ends the process, to see that nothing depends on what would have come next. */
export type FailPoint =
  | 'before-commit'
  | 'in-commit'
  | 'after-commit'
  | 'mid-publish'
  | 'after-publish'
  | 'after-restore'
  | 'in-drain'
  | 'in-fold'

const wanted = process.env['SEQUITUR_FAIL_POINT']?.split(':')
let passesLeft = Number(wanted?.[1] ?? 1)

/** Does nothing unless SEQUITUR_FAIL_POINT=name:n names it; then the n-th pass is the last thing this process does. */
export function failPoint(point: FailPoint): void {
  if (wanted === undefined || wanted[0] !== point) return
  passesLeft -= 1
  if (passesLeft <= 0) process.kill(process.pid, 'SIGKILL')
}
