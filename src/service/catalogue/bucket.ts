/** A key-value bucket as the catalogue needs it: compare-and-set by revision, and every key's last value. */
export interface Bucket {
  get(key: string): Promise<BucketEntry | undefined>
  /**
   * The revision of the write, or undefined when the key's last revision is not `expected`. 0: the key was never written.
   * Without `expected` it is written whatever is there.
   */
  put(key: string, value: string, expected?: number): Promise<number | undefined>
  /** Last values of the keys that the filter (of NATS subjects) takes; all without one. */
  entries(filter?: string): Promise<readonly BucketEntry[]>
}

export interface BucketEntry {
  readonly key: string
  /** Undefined: deleted by somebody with another tool. */
  readonly value: string | undefined
  readonly revision: number
}
