import { Failure } from '../failure.ts'
import { run } from '../run.ts'
import { eventOf, isObject, own } from '../values.ts'
import type { Library } from './aggregates.ts'

const EARTH_RADIUS_KM = 6371.0088
const RADIANS = Math.PI / 180

function coordinate(place: unknown, name: string, index: number): number {
  const value = isObject(place) ? own(place, name) : undefined
  if (typeof value !== 'number' || !Number.isFinite(value))
    throw new Failure('T0410', { value: place, index, token: 'km' })
  return value * RADIANS
}

/** Great-circle distance by the haversine formula on the mean earth sphere. */
function kilometres(from: unknown, to: unknown): number | undefined {
  if (from === undefined || to === undefined) return undefined
  const fromLatitude = coordinate(from, 'lat', 1)
  const toLatitude = coordinate(to, 'lat', 2)
  const northward = Math.sin((toLatitude - fromLatitude) / 2)
  const eastward = Math.sin((coordinate(to, 'lon', 2) - coordinate(from, 'lon', 1)) / 2)
  const half = northward * northward + Math.cos(fromLatitude) * Math.cos(toLatitude) * eastward * eastward
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.min(1, Math.sqrt(half)))
}

/** From the last event of a step to the event at hand. */
function elapsed(step: unknown, unit: number, name: string): number | undefined {
  if (step === undefined) return undefined
  const last: unknown = Array.isArray(step) ? step.at(-1) : step
  if (last === undefined) return undefined
  const event = eventOf(last)
  if (event === undefined) throw new Failure('T0410', { value: step, index: 1, token: name })
  const now = run.frame?.event?.time ?? run.frame?.time
  return now === undefined ? undefined : (now - event.time) / unit
}

export const EVENTS: Library = {
  km: ['<xx:n>', 2, ([from, to]) => kilometres(from, to)],
  in_list: [
    '<sx:b>',
    2,
    ([list, value]) =>
      value === undefined || list === undefined
        ? false
        : (run.frame?.lists.has(list as string, value) ?? false),
  ],
  seconds_since: ['<x:n>', 1, ([step]) => elapsed(step, 1_000, 'seconds_since')],
  minutes_since: ['<x:n>', 1, ([step]) => elapsed(step, 60_000, 'minutes_since')],
  hours_since: ['<x:n>', 1, ([step]) => elapsed(step, 3_600_000, 'hours_since')],
}
