import { isIP } from 'node:net';

import type { Config } from '../../config.js';
import { BUCKET_VARIABLES } from '../../config-bucket.js';
import { RecordingBucket, type BucketSettings, type Probe } from '../../recordings/recording-bucket.js';
import { Check, type Finding } from './findings.js';

/** By the server's or the system's code. */
const TROUBLES: Readonly<Record<string, readonly [cause: string, cure: string]>> = {
  ECONNREFUSED: ['nothing listens there', 'correct RECORDING_S3_ENDPOINT, or start the server'],
  ECONNRESET: ['it ends the connection', 'see whether RECORDING_S3_ENDPOINT should be https://'],
  EPROTO: ['it does not speak TLS', 'see whether RECORDING_S3_ENDPOINT should be http://'],
  ENOTFOUND: [
    'there is no such host',
    'correct RECORDING_S3_ENDPOINT; a server without a name for each bucket needs RECORDING_S3_PATH_STYLE=true',
  ],
  EAI_AGAIN: ['its name cannot be looked up', 'check DNS, or use an address in RECORDING_S3_ENDPOINT'],
  ETIMEDOUT: ['it does not answer in time', 'check the firewall and RECORDING_S3_ENDPOINT'],
  NoSuchBucket: ['there is no such bucket', 'create it, or correct RECORDING_S3_BUCKET'],
  InvalidBucketName: ['it takes no bucket of that name', 'correct RECORDING_S3_BUCKET'],
  InvalidAccessKeyId: ['it does not know the access key', 'correct RECORDING_S3_ACCESS_KEY'],
  SignatureDoesNotMatch: ['it refuses the secret key', 'correct RECORDING_S3_SECRET_KEY'],
  AuthorizationHeaderMalformed: ['the bucket is in another region', 'correct RECORDING_S3_REGION'],
  PermanentRedirect: ['the bucket is in another region', 'correct RECORDING_S3_REGION'],
  RequestTimeTooSkewed: ['its clock and ours differ too much', 'run an NTP client on this machine'],
  CredentialsProviderError: [
    'this machine has no keys of AWS',
    'set RECORDING_S3_ACCESS_KEY and RECORDING_S3_SECRET_KEY, or give the machine a role',
  ],
  InvalidArgument: ['it does not take the encryption', 'correct RECORDING_S3_ENCRYPTION'],
  NotImplemented: ['it does not know the encryption', 'remove RECORDING_S3_ENCRYPTION'],
  OTHER: ['what was written is not what is read', 'see what stands between us and the server, and its disks'],
};

const CERTIFICATES: readonly string[] = [
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
];

/** The rights that each step takes. */
const RIGHTS: Readonly<Record<Probe['step'], string>> = {
  write: 's3:PutObject and s3:GetObject',
  read: 's3:GetObject',
  delete: 's3:DeleteObject',
};

/** Null when there is no bucket to look at. */
export async function lookAtBucket({ recordings }: Config): Promise<Probe | null> {
  if (recordings.bucket === null) return null;
  const bucket = new RecordingBucket(recordings.bucket);
  try {
    return await bucket.probe();
  } finally {
    await bucket.close();
  }
}

/** Whether a problem with the configuration is one with the bucket. */
export function isOfBucket(variable: string): boolean {
  return variable in BUCKET_VARIABLES;
}

export function judgeBucket(
  probe: Probe | null,
  { recordings }: Config,
  unusable: ReadonlySet<string>,
): Finding[] {
  const check = new Check('bucket.usable', 'bucket for recordings');
  if ([...unusable].some(isOfBucket)) return [check.skipped('RECORDING_S3 variables that can be used')];
  const { bucket } = recordings;
  if (bucket === null) return [];
  const where = `${bucket.name} at ${bucket.endpoint === '' ? `AWS ${bucket.region}` : bucket.endpoint}`;
  if (probe === null) return [check.fail(`${where}: no answer in time`, 'check the firewall and its server')];
  const { trouble, step } = probe;
  if (trouble !== null) {
    const [cause, cure] = troubleWith(trouble, step);
    return [check.fail(`${where}: ${cause}; recordings wait in RECORDINGS_DIR`, cure)];
  }
  return [
    check.ok(`${where}: an object was written, read and deleted`),
    ...(probe.keepsVersions === true
      ? [
          new Check('bucket.versions', 'bucket for recordings, versions').warn(
            'it keeps old versions: what is deleted or erased stays there',
            'suspend versioning, or let a lifecycle rule expire noncurrent versions soon',
          ),
        ]
      : []),
    ...(isInClear(bucket)
      ? [
          new Check('bucket.encrypted', 'bucket for recordings, network').warn(
            'recordings go there unencrypted',
            'use https:// in RECORDING_S3_ENDPOINT, unless that network is yours alone',
          ),
        ]
      : []),
  ];
}

function troubleWith(trouble: string, step: Probe['step']): readonly [cause: string, cure: string] {
  if (trouble === 'AccessDenied' || trouble === 'HTTP 403') {
    return [`the keys may not ${step} objects`, `allow them ${RIGHTS[step]} on the bucket’s objects`];
  }
  if (CERTIFICATES.includes(trouble)) {
    return ['its certificate is of nobody that we trust', 'name that CA’s file in NODE_EXTRA_CA_CERTS'];
  }
  return TROUBLES[trouble] ?? [`it says ${trouble} when we ${step}`, 'see the log of its server'];
}

function isInClear({ endpoint }: BucketSettings): boolean {
  if (!endpoint.startsWith('http://')) return false;
  const { hostname } = new URL(endpoint);
  return !(
    hostname === 'localhost' ||
    hostname === '[::1]' ||
    (isIP(hostname) === 4 && hostname.startsWith('127.'))
  );
}
