/** As far as s3-server.ts needs it: the package has no types of its own. */
declare module '@20minutes/s3rver' {
  import type { Server } from 'node:http';
  import type { Readable } from 'node:stream';

  export default class S3rver {
    constructor(options: {
      readonly address: string;
      readonly port: number;
      readonly silent: boolean;
      readonly directory: string;
      readonly vhostBuckets: boolean;
      readonly configureBuckets: readonly { readonly name: string }[];
    });
    readonly httpServer: Server;
    readonly store: {
      putContent(path: string, content: Readable): Promise<[size: number, md5: string]>;
    };
    run(): Promise<{ readonly port: number }>;
    close(): Promise<void>;
  }
}
