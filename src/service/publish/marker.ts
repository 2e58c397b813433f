/** Who may write a partition's effects, and how far they are: the body of the messages on `sequitur.marker.<partition>`. */
export interface Marker {
  readonly epoch: number
  /** Number of the last effect that stands in the log behind or with this marker. */
  readonly number: number
}

export const markerSubject = (partition: number): string => `sequitur.marker.${partition}`

export const writeMarker = (marker: Marker): string => JSON.stringify(marker)

export function readMarker(text: string): Marker | undefined {
  try {
    const { epoch, number } = JSON.parse(text) as Partial<Marker>
    return typeof epoch === 'number' && typeof number === 'number' ? { epoch, number } : undefined
  } catch {
    return undefined
  }
}
