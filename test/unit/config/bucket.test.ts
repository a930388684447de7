import { describe, expect, it } from 'vitest';
import { z } from 'zod';

import { BUCKET_SECRETS, BUCKET_VARIABLES, bucketOf } from '../../../src/config-bucket.js';
import { settingsOf } from '../../../src/config-environment.js';
import type { BucketSettings } from '../../../src/recordings/recording-bucket.js';

const read = (env: Record<string, string>): BucketSettings | null =>
  bucketOf(
    settingsOf(
      z.object(BUCKET_VARIABLES),
      BUCKET_SECRETS,
      Object.fromEntries(Object.entries(env).map(([name, value]) => [`RECORDING_S3_${name}`, value])),
      (path) => `${path} holds it`.replaceAll(' ', '-'),
    ),
  );

const KEYS = { ACCESS_KEY: 'AKIAEXAMPLE', SECRET_KEY: 'kept/secret+for=us' };

describe('a bucket for recordings', () => {
  it('is none unless it is named', () => {
    expect(read({})).toBeNull();
    expect(read({ BUCKET: '', REGION: 'eu-central-1', PREFIX: 'calls' })).toBeNull();
  });

  it('of AWS takes a name alone: the machine has its keys', () => {
    expect(read({ BUCKET: 'recordings' })).toEqual({
      ...{ name: 'recordings', endpoint: '', region: 'us-east-1', prefix: '', credentials: null },
      ...{ pathStyle: false, encryption: 'none', kmsKey: '' },
    });
  });

  it('of another server is named in the path, unless told otherwise', () => {
    const own = { BUCKET: 'recordings', ENDPOINT: 'https://s3.example.com:9000/', ...KEYS };
    expect(read({ ...own, PREFIX: 'masking/calls', ENCRYPTION: 'aws:kms', KMS_KEY: 'alias/calls' })).toEqual({
      ...{ name: 'recordings', endpoint: 'https://s3.example.com:9000', region: 'us-east-1' },
      prefix: 'masking/calls/',
      credentials: { accessKeyId: KEYS.ACCESS_KEY, secretAccessKey: KEYS.SECRET_KEY },
      ...{ pathStyle: true, encryption: 'aws:kms', kmsKey: 'alias/calls' },
    });
    expect(read({ ...own, PATH_STYLE: 'false' })?.pathStyle).toBe(false);
  });

  it('has its keys from files', () => {
    expect(read({ BUCKET: 'recordings', ACCESS_KEY_FILE: 'a', SECRET_KEY_FILE: 'b' })?.credentials).toEqual({
      accessKeyId: 'a-holds-it',
      secretAccessKey: 'b-holds-it',
    });
  });

  it.each([
    [{ BUCKET: 'no' }, 'RECORDING_S3_BUCKET is not the name of a bucket'],
    [{ BUCKET: 'a/b' }, 'RECORDING_S3_BUCKET is not the name of a bucket'],
    [{ BUCKET: 'abc', ENDPOINT: 's3.example.com', ...KEYS }, 'RECORDING_S3_ENDPOINT is not http'],
    [{ BUCKET: 'abc', ENDPOINT: 'ftp://s3.example.com', ...KEYS }, 'RECORDING_S3_ENDPOINT is not http'],
    [{ BUCKET: 'abc', ENDPOINT: 'https://u:p@s3.example.com', ...KEYS }, 'RECORDING_S3_ENDPOINT is not http'],
    [{ BUCKET: 'abc', ENDPOINT: 'https://s3.example.com/abc', ...KEYS }, 'RECORDING_S3_ENDPOINT is not http'],
    [{ BUCKET: 'abc', REGION: 'eu central' }, 'RECORDING_S3_REGION is not a region'],
    [{ BUCKET: 'abc', PREFIX: '/calls' }, 'RECORDING_S3_PREFIX must have'],
    [{ BUCKET: 'abc', PREFIX: 'calls/../other' }, 'RECORDING_S3_PREFIX must have'],
    [{ BUCKET: 'abc', PREFIX: 'calls//other' }, 'RECORDING_S3_PREFIX must have'],
    [{ BUCKET: 'abc', PATH_STYLE: 'yes' }, 'RECORDING_S3_PATH_STYLE must be true or false'],
    [{ BUCKET: 'abc', ENCRYPTION: 'rot13' }, 'RECORDING_S3_ENCRYPTION is not understood'],
    [{ BUCKET: 'abc', KMS_KEY: 'alias/calls' }, 'RECORDING_S3_KMS_KEY has no effect'],
    [{ BUCKET: 'abc', ACCESS_KEY: 'AKIA' }, 'RECORDING_S3_SECRET_KEY is not set'],
    [{ BUCKET: 'abc', SECRET_KEY: 'kept/secret' }, 'RECORDING_S3_ACCESS_KEY is not set'],
    [{ BUCKET: 'abc', ENDPOINT: 'https://s3.example.com' }, 'RECORDING_S3_ACCESS_KEY is not set'],
    [KEYS, 'RECORDING_S3_BUCKET is not set'],
  ])('%j stops the start', (env, problem) => {
    const start = (): unknown => read(env);
    expect(start).toThrow(problem);
    expect(start).not.toThrow(/kept|[\r\n]/);
  });
});
