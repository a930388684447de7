import type { Config } from '../../config.js';
import { ApiClient, reasonOf } from '../api-client.js';
import { CliCredentialsError } from '../errors.js';
import { Check, type Finding } from './findings.js';
import { httpBehind, type Behind, type PortFacts } from './ports.js';

export interface PublicUrlFacts {
  readonly behind: Behind;
  /** Whether it takes our credentials; null when that was not asked. */
  readonly isOurs: boolean | null;
  /** Why it could not be asked: the system's code, or "". */
  readonly trouble: string;
}

/** Credentials are sent only to what answers as a controller. */
export async function lookAtPublicUrl(config: Config): Promise<PublicUrlFacts> {
  const { publicUrl } = config.http;
  const behind = await httpBehind(publicUrl);
  if (behind !== 'controller') return { behind, isOurs: null, trouble: '' };
  const { id, token } = config.account;
  const client = new ApiClient({ url: publicUrl, authId: id, authToken: token, account: id });
  try {
    await client.get('Number/', { limit: 1 });
    return { behind, isOurs: true, trouble: '' };
  } catch (error) {
    if (error instanceof CliCredentialsError) return { behind, isOurs: false, trouble: '' };
    return { behind, isOurs: null, trouble: reasonOf(error) };
  } finally {
    await client.close();
  }
}

export function judgePublicUrl(
  facts: PublicUrlFacts | null,
  ports: PortFacts | null,
  config: Config,
  unusable: ReadonlySet<string>,
): Finding {
  const check = new Check('public-url', `PUBLIC_URL ${config.http.publicUrl}`);
  for (const variable of ['PUBLIC_URL', 'AUTH_ID', 'AUTH_TOKEN']) {
    if (unusable.has(variable)) return check.skipped(`a ${variable} that can be used`);
  }
  if (facts === null || facts.behind === 'unreachable') {
    return check.fail(
      'it cannot be reached from here',
      'check DNS, the firewall and the proxy in front of the controller',
    );
  }
  if (facts.behind === 'nothing') {
    return ports?.http === 'controller'
      ? check.fail(
          'nothing listens there, though the controller runs',
          'correct PUBLIC_URL, or start the proxy in front of the controller',
        )
      : check.warn('no controller runs', 'start it: npm start, or docker compose up --detach controller');
  }
  if (facts.behind === 'stranger') {
    return check.fail(
      'something else answers there: links in answers and callbacks lead astray',
      'set PUBLIC_URL to the URL under which clients reach this controller, or point the proxy at it',
    );
  }
  if (facts.isOurs === false) {
    return check.fail(
      'a controller answers there that does not take AUTH_ID and AUTH_TOKEN: another one, or one with older settings',
      'correct PUBLIC_URL, or restart the controller with these settings',
    );
  }
  return facts.isOurs === true
    ? check.ok('this controller answers, and takes AUTH_ID and AUTH_TOKEN')
    : check.fail(`a controller answers, but its API does not (${facts.trouble})`, 'see /readyz and its log');
}
