export { INGEST_CODES } from './codes.ts'
export { type CursorOptions, openCursor } from './cursor.ts'
export { positionProof } from './position-proof.ts'
export { verifyPosition } from './verify-position.ts'
