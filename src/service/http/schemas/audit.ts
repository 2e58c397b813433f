import type { JsonSchema } from '../route.ts'
import { count, list, object, text } from './forms.ts'

export const auditSchemas = {
  AuditPage: object(
    {
      records: list(
        object(
          {
            number: count('Dense, from 1.'),
            at: text('ISO 8601.'),
            actor: text('Id of the key, jwt: and a name, address: and an IP address, or local.'),
            action: text('The operation.'),
            object: text('The address that it was done to.'),
            outcome: { enum: ['done', 'refused', 'failed'] },
            status: count('HTTP status.'),
            code: text('Of the problem.'),
            reason: text('As the caller gave it.'),
            before: count('Version before.'),
            after: count('Version after.'),
            changes: list({ type: 'object' }, 'What became of each of many rules.'),
            keyHash: text('Of an erasure: HMAC of the key, which is not kept.'),
            proposal: text('That was made or decided on.'),
            rule: text('Of the proposal.'),
            author: text('Who wrote what was carried out.'),
            approvers: list({ type: 'string' }, 'Who approved it.'),
            breakGlass: { type: 'boolean', description: 'An operator did without approval.' },
            repeated: count('How often the same was refused since its last record.'),
            previous: text('Hash of the record before.'),
            hash: text('SHA-256 of the canonical JSON of the rest.'),
          },
          [
            'code',
            'reason',
            'before',
            'after',
            'changes',
            'keyHash',
            'proposal',
            'rule',
            'author',
            'approvers',
            'breakGlass',
            'repeated',
          ],
        ),
      ),
      next: text('Cursor of the next page.'),
    },
    ['next'],
  ),
  AuditVerdict: object(
    {
      valid: { type: 'boolean' },
      records: count('Records that are as they were written, from the first.'),
      head: text('Hash of the last.'),
      broken: count('Number of the first that is not.'),
      why: text('What is wrong with it.'),
    },
    ['head', 'broken', 'why'],
  ),
} as const satisfies Readonly<Record<string, JsonSchema>>
