import { type Meter, metrics, type Tracer, trace } from '@opentelemetry/api'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { MeterProvider, MetricReader, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node'

export interface Telemetry {
  readonly meter: Meter
  readonly tracer: Tracer
  /** Whether spans go anywhere: what costs time to describe may be skipped otherwise. */
  readonly tracing: boolean
  /** All metrics now, in the text format of Prometheus. */
  prometheus(): Promise<string>
  stop(): Promise<void>
}

export interface TelemetryOptions {
  readonly serviceName: string
  readonly version: string
  /** Read for OTEL_EXPORTER_OTLP_ENDPOINT; the exporters read the rest of OTEL_* themselves. */
  readonly environment?: Readonly<Record<string, string | undefined>>
}

const STOP_MS_MAX = 2000

/** Called once, where a process starts. Everything else uses `@opentelemetry/api` and does nothing until then. */
export function startTelemetry(options: TelemetryOptions): Telemetry {
  const environment = options.environment ?? process.env
  const exporting =
    (environment['OTEL_EXPORTER_OTLP_ENDPOINT'] ?? '') !== '' && environment['OTEL_SDK_DISABLED'] !== 'true'
  const resource = resourceFromAttributes({
    'service.name': environment['OTEL_SERVICE_NAME'] ?? options.serviceName,
    'service.version': options.version,
  })
  const reader = new PullReader()
  const meterProvider = new MeterProvider({
    resource,
    readers: exporting
      ? [reader, new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter() })]
      : [reader],
  })
  const tracerProvider = exporting
    ? new NodeTracerProvider({ resource, spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())] })
    : undefined
  metrics.setGlobalMeterProvider(meterProvider)
  tracerProvider?.register()
  const serializer = new PrometheusSerializer(undefined, false, undefined, true, true)
  return {
    meter: meterProvider.getMeter('sequitur', options.version),
    tracer: trace.getTracer('sequitur', options.version),
    tracing: exporting,
    prometheus: async () => {
      const { resourceMetrics } = await reader.collect()
      return `${serializer.serialize(resourceMetrics)}\n`
    },
    stop: async () => {
      // An endpoint that does not answer must not hold the process.
      const stopping = Promise.allSettled([meterProvider.shutdown(), tracerProvider?.shutdown()])
      const limit = new Promise((resolve) => setTimeout(resolve, STOP_MS_MAX).unref())
      await Promise.race([stopping, limit])
      metrics.disable()
      trace.disable()
    },
  }
}

/** Metrics on request; what an exporter with its own server would do, without the server. */
class PullReader extends MetricReader {
  protected override async onShutdown(): Promise<void> {}
  protected override async onForceFlush(): Promise<void> {}
}
