export { acquireLease, type Lease } from './lease.ts'
export { ownerId } from './owner-id.ts'
