/** ISO 8601 in UTC with milliseconds. Event times are within the years that it can write: admission sees to that. */
export const isoTime = (milliseconds: number): string => new Date(milliseconds).toISOString()
