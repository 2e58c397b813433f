/** What an evaluation uses at least, and what an error adds to it. */
export const EVALUATION_FUEL = 16
export const ERROR_FUEL = 32

/**
 * Fuel that costly expressions have used in this process, ever; what one evaluation used is the difference. A step is one, and so are
 * four slots of memory. Light expressions add nothing: they run as generated source or not, and neither must make a difference.
 */
export const fuel = { used: 0 }
