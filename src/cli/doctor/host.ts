import { Check, type Finding } from './findings.js';

/** `engines` of package.json. */
export const LEAST_NODE = '20.19';

/** `version` as `process.versions.node`. */
export function judgeNode(version: string): Finding {
  const check = new Check('node', 'Node.js');
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [least = 0, leastMinor = 0] = LEAST_NODE.split('.').map(Number);
  return major > least || (major === least && minor >= leastMinor)
    ? check.ok(`version ${version}`)
    : check.fail(
        `version ${version} is older than ${LEAST_NODE}`,
        'install a newer one: nodejs.org, or your distribution',
      );
}
