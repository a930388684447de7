import { optional, Wrong } from './config-values.js';

/**
 * Variables of OpenTelemetry's specification that decide whether traces are exported, and which its SDK would only
 * grumble about. It reads all others itself (headers, sampler, limits).
 */
export const TRACING_VARIABLES = {
  OTEL_EXPORTER_OTLP_ENDPOINT: endpoint(),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpoint(),
  OTEL_EXPORTER_OTLP_PROTOCOL: protocol(),
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: protocol(),
  OTEL_TRACES_EXPORTER: optional('otlp', (text) =>
    text === 'otlp' || text === 'none'
      ? text
      : new Wrong('must be otlp or none: there is no other exporter here'),
  ),
  OTEL_SDK_DISABLED: optional('false', (text) => text.toLowerCase() === 'true'),
};

/** Whether traces are exported. */
export function isTracingWanted(given: {
  readonly OTEL_EXPORTER_OTLP_ENDPOINT: string;
  readonly OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: string;
  readonly OTEL_TRACES_EXPORTER: 'otlp' | 'none';
  readonly OTEL_SDK_DISABLED: boolean;
}): boolean {
  const endpoints = given.OTEL_EXPORTER_OTLP_ENDPOINT + given.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT;
  return endpoints !== '' && given.OTEL_TRACES_EXPORTER === 'otlp' && !given.OTEL_SDK_DISABLED;
}

function endpoint() {
  return optional('', (text) =>
    text === '' || (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol))
      ? text
      : new Wrong('must be the http:// or https:// URL of an OTLP/HTTP receiver: correct or remove it'),
  );
}

/** One that says grpc means another port, so it is not passed over in silence. */
function protocol() {
  return optional('http/protobuf', (text) =>
    text === 'http/protobuf' ? text : new Wrong('must be http/protobuf: traces are exported in no other way'),
  );
}
