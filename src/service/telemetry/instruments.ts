import type { Counter, Histogram, Meter, ObservableCounter, ObservableGauge } from '@opentelemetry/api'
import type { MetricName } from './names.ts'

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const BYTES = [1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864]

/** Prometheus adds `_total` to counters by itself. */
const nameOf = (metric: MetricName): string => metric.name.replace(/_total$/, '')

const described = (metric: MetricName) => ({ description: metric.help, unit: metric.unit })

export const counterOf = (meter: Meter, metric: MetricName): Counter =>
  meter.createCounter(nameOf(metric), described(metric))

export const observableCounterOf = (meter: Meter, metric: MetricName): ObservableCounter =>
  meter.createObservableCounter(nameOf(metric), described(metric))

export const observableGaugeOf = (meter: Meter, metric: MetricName): ObservableGauge =>
  meter.createObservableGauge(metric.name, described(metric))

export const histogramOf = (meter: Meter, metric: MetricName): Histogram =>
  meter.createHistogram(metric.name, {
    ...described(metric),
    advice: { explicitBucketBoundaries: metric.unit === 'By' ? BYTES : SECONDS },
  })
