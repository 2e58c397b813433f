// The table of docs/reference/api.md, from the routes. Prints it; a test compares it with the page.
import { ROUTES } from '../src/service/http/index.ts'

/** One row per route: request, who may, what it does, the statuses of its answers. */
export const apiRows = (): readonly (readonly string[])[] =>
  ROUTES.map(({ method, path, access, summary, responses, problems }) => [
    `\`${method} ${path}\``,
    access,
    summary,
    [...Object.keys(responses), ...(problems ?? [])].sort().join(', '),
  ])

if (import.meta.main) {
  console.log('| request | access | what it does | answers |\n|---|---|---|---|')
  for (const row of apiRows()) console.log(`| ${row.join(' | ')} |`)
}
