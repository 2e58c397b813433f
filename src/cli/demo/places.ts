export interface Place {
  readonly city: string
  readonly country: string
  readonly geo: { readonly lat: number; readonly lon: number }
}

export const HOME_CITIES: readonly [Place, ...Place[]] = [
  { city: 'London', country: 'GB', geo: { lat: 51.5, lon: -0.1 } },
  { city: 'Paris', country: 'FR', geo: { lat: 48.9, lon: 2.4 } },
  { city: 'Berlin', country: 'DE', geo: { lat: 52.5, lon: 13.4 } },
  { city: 'Madrid', country: 'ES', geo: { lat: 40.4, lon: -3.7 } },
  { city: 'Vienna', country: 'AT', geo: { lat: 48.2, lon: 16.4 } },
]

/** Nobody gets there from a home city within an hour. */
export const FAR_CITIES: readonly [Place, ...Place[]] = [
  { city: 'Tokyo', country: 'JP', geo: { lat: 35.7, lon: 139.7 } },
  { city: 'São Paulo', country: 'BR', geo: { lat: -23.6, lon: -46.6 } },
  { city: 'Sydney', country: 'AU', geo: { lat: -33.9, lon: 151.2 } },
]

export const MERCHANTS: readonly [string, ...string[]] = [
  'corner-books',
  'grand-cafe',
  'city-cycles',
  'tram-tickets',
  'green-grocer',
  'cinema-royal',
  'hardware-hill',
]
