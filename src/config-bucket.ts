import { ConfigError } from './config-error.js';
import { oneOf, optional, Wrong } from './config-values.js';
import type { BucketSettings } from './recordings/recording-bucket.js';

/** What every S3-compatible server takes as a name. */
const BUCKET = /^[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]$/;
/** What needs no escape in a URL and no quotes in a policy. */
const PREFIX = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,199}$/;
const REGION = /^[A-Za-z0-9][A-Za-z0-9-]{0,62}$/;
/** As long as any server's, without what would break a header. */
const CREDENTIAL = /^[\x21-\x7e]{1,256}$/;
const KMS_KEY = /^[A-Za-z0-9][A-Za-z0-9:/_.-]{0,2047}$/;

const credential = () =>
  optional('', (text) =>
    text === '' || CREDENTIAL.test(text)
      ? text
      : new Wrong('has a character that no key has, or is longer than 256: replace it'),
  );

export const BUCKET_VARIABLES = {
  RECORDING_S3_BUCKET: optional('', (text) =>
    text === '' || BUCKET.test(text)
      ? text
      : new Wrong('is not the name of a bucket: give 3 to 63 letters, digits and . _ -, or remove it'),
  ),
  RECORDING_S3_ENDPOINT: optional('', (text) =>
    text === '' || isEndpoint(text)
      ? text.replace(/\/$/, '')
      : new Wrong('is not http:// or https:// with a host and no path: correct it, or remove it for AWS'),
  ),
  RECORDING_S3_REGION: optional('us-east-1', (text) =>
    REGION.test(text) ? text : new Wrong('is not a region: give one such as eu-central-1'),
  ),
  RECORDING_S3_PREFIX: optional('', (text) =>
    text === '' || (PREFIX.test(text) && !/\/\/|(^|\/)\.\.?(\/|$)/.test(text))
      ? text.replace(/(?<=[^/])$/, '/')
      : new Wrong('must have at most 200 letters, digits and . _ / -, and begin with one: correct it'),
  ),
  RECORDING_S3_ACCESS_KEY: credential(),
  RECORDING_S3_SECRET_KEY: credential(),
  RECORDING_S3_PATH_STYLE: optional('', (text) =>
    text === '' || text === 'true' || text === 'false'
      ? text
      : new Wrong('must be true or false: correct or remove it'),
  ),
  RECORDING_S3_ENCRYPTION: oneOf(['none', 'AES256', 'aws:kms'], 'none'),
  RECORDING_S3_KMS_KEY: optional('', (text) =>
    text === '' || KMS_KEY.test(text) ? text : new Wrong('is not the id or ARN of a key: correct it'),
  ),
};

export const BUCKET_SECRETS = ['RECORDING_S3_ACCESS_KEY', 'RECORDING_S3_SECRET_KEY'] as const;

export interface BucketGiven {
  readonly RECORDING_S3_BUCKET: string;
  readonly RECORDING_S3_ENDPOINT: string;
  readonly RECORDING_S3_REGION: string;
  readonly RECORDING_S3_PREFIX: string;
  readonly RECORDING_S3_ACCESS_KEY: string;
  readonly RECORDING_S3_SECRET_KEY: string;
  readonly RECORDING_S3_PATH_STYLE: string;
  readonly RECORDING_S3_ENCRYPTION: BucketSettings['encryption'];
  readonly RECORDING_S3_KMS_KEY: string;
}

/**
 * The bucket for recordings, or null when they stay in their folder.
 * @throws ConfigError when what is given does not fit together.
 */
export function bucketOf(given: BucketGiven): BucketSettings | null {
  const { RECORDING_S3_ACCESS_KEY: accessKeyId, RECORDING_S3_SECRET_KEY: secretAccessKey } = given;
  const { RECORDING_S3_ENDPOINT: endpoint, RECORDING_S3_PATH_STYLE: pathStyle } = given;
  const { RECORDING_S3_ENCRYPTION: encryption, RECORDING_S3_KMS_KEY: kmsKey } = given;
  if (given.RECORDING_S3_BUCKET === '') {
    // Whoever sets the rest believes that recordings leave the disk.
    if (endpoint === '' && accessKeyId === '' && secretAccessKey === '') return null;
    throw new ConfigError(
      'RECORDING_S3_BUCKET is not set: name the bucket, or remove the other RECORDING_S3 variables',
    );
  }
  if ((accessKeyId === '') !== (secretAccessKey === '')) {
    const missing = accessKeyId === '' ? 'RECORDING_S3_ACCESS_KEY' : 'RECORDING_S3_SECRET_KEY';
    throw new ConfigError(
      `${missing} is not set: give both keys, or neither for those that AWS gives this machine`,
    );
  }
  if (accessKeyId === '' && endpoint !== '') {
    throw new ConfigError('RECORDING_S3_ACCESS_KEY is not set: give the keys of RECORDING_S3_ENDPOINT');
  }
  if (kmsKey !== '' && encryption !== 'aws:kms') {
    throw new ConfigError(
      'RECORDING_S3_KMS_KEY has no effect: set RECORDING_S3_ENCRYPTION=aws:kms, or remove it',
    );
  }
  return {
    name: given.RECORDING_S3_BUCKET,
    endpoint,
    region: given.RECORDING_S3_REGION,
    prefix: given.RECORDING_S3_PREFIX,
    credentials: accessKeyId === '' ? null : { accessKeyId, secretAccessKey },
    // Servers of one's own rarely have a name for each bucket.
    pathStyle: pathStyle === '' ? endpoint !== '' : pathStyle === 'true',
    encryption,
    kmsKey,
  };
}

function isEndpoint(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, pathname, search, hash, username, password } = new URL(text);
  return /^https?:$/.test(protocol) && pathname === '/' && search + hash + username + password === '';
}
