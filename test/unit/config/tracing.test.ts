import { describe, expect, it } from 'vitest';

import { settingsOf } from '../../../src/config-environment.js';
import { isTracingWanted, TRACING_VARIABLES } from '../../../src/config-tracing.js';
import { z } from 'zod';

const wanted = (env: Record<string, string>): boolean =>
  isTracingWanted(settingsOf(z.object(TRACING_VARIABLES), [], env, () => ''));
const AT = 'http://collector:4318';

describe('traces are exported', () => {
  it.each([
    [{}, false],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: '' }, false],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: AT }, true],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${AT}/v1/traces` }, true],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: AT, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' }, true],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: AT, OTEL_SDK_DISABLED: 'TRUE' }, false],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: AT, OTEL_SDK_DISABLED: 'no' }, true],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: AT, OTEL_TRACES_EXPORTER: 'none' }, false],
  ])('with %j: %s', (env, expected) => {
    expect(wanted(env)).toBe(expected);
  });

  it.each([
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' }, 'OTEL_EXPORTER_OTLP_ENDPOINT must be the http'],
    [
      { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'grpc://a' },
      'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT must be the http',
    ],
    [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, 'OTEL_EXPORTER_OTLP_PROTOCOL must be http/protobuf'],
    [{ OTEL_TRACES_EXPORTER: 'zipkin' }, 'OTEL_TRACES_EXPORTER must be otlp or none'],
  ])('%j stops the start', (env, problem) => {
    expect(() => wanted(env as Record<string, string>)).toThrow(problem);
  });
});
