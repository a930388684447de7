import type { Rules } from '../api/trace.js';
import { Icon } from './icon.js';

/** The rules that were asked, in their order; the last one decided. */
export function RuleList({ rules }: { rules: Rules }) {
  return (
    <ol class="rules">
      {rules.map(({ rule, decided, explanation }) => (
        <li key={rule} class={decided ? 'decided' : ''}>
          <Icon name={decided ? 'yes' : 'next'} />
          <span>
            <code>{rule}</code> {decided ? <span class="tag">decided</span> : null}
            <br />
            {explanation}
          </span>
        </li>
      ))}
    </ol>
  );
}
