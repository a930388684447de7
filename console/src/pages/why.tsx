import { useEffect, useState } from 'preact/hooks';

import { blamedFields, cureOf, type RequestFailure } from '../api/failure.js';
import type { Explanation } from '../api/resources.js';
import { Badge } from '../parts/badge.js';
import { Facts } from '../parts/facts.js';
import { TextField } from '../parts/field.js';
import { fieldsOf } from '../parts/filters.js';
import { PageHead, Panel } from '../parts/panel.js';
import { RuleList } from '../parts/rule-list.js';
import { Empty } from '../parts/states.js';
import { useConsole } from '../state/console-context.js';
import { asFailure } from '../state/resource.js';
import { hrefOf } from '../state/address.js';
import { route } from '../state/route.js';
import { phone, span } from '../text/format.js';
import { EXPLAINED_WORDS, partyWords } from '../text/words.js';

const NAMES = ['to', 'from', 'pin', 'own_digits'] as const;

/** What would happen to a call now, and why. Numbers and PINs that are asked about do not go into the address. */
export function WhyPage() {
  const { api } = useConsole();
  const [explanation, setExplanation] = useState<Explanation | null>(null);
  const [failure, setFailure] = useState<RequestFailure | null>(null);
  const [wantsDigits, setWantsDigits] = useState(false);
  const given = route.value.params.get('to') ?? '';
  const blamed = failure === null ? [] : blamedFields(failure.message, NAMES);
  const about = (name: (typeof NAMES)[number]): string | undefined =>
    blamed.includes(name) ? failure?.message : undefined;
  const ask = async (fields: Readonly<Record<string, string>>): Promise<void> => {
    setFailure(null);
    try {
      const answer = await api.explain(fields);
      setExplanation(answer);
      if (answer.pin === 'own_digits_wanted' || answer.outcome === 'ask_own_digits') setWantsDigits(true);
    } catch (error) {
      setExplanation(null);
      setFailure(asFailure(error));
    }
  };
  useEffect(() => {
    if (given !== '') void ask({ to: given });
  }, [given]);
  return (
    <>
      <PageHead title="Why?" name="Why?" />
      <p class="lead">
        What would happen to a call now. The same code decides as for a real one; nothing is dialled, and a
        PIN is no guess. What became of a call that was made stands at <a href={hrefOf('calls')}>that call</a>
        .
      </p>
      <form
        class="filters"
        onSubmit={(event) => {
          event.preventDefault();
          void ask(fieldsOf(event.currentTarget));
        }}
      >
        <TextField
          label="Virtual number that is called"
          name="to"
          problem={about('to')}
          input={{ 'data-search': '', required: true, type: 'tel', defaultValue: given }}
        />
        <TextField
          label="Caller"
          name="from"
          hint="Empty: withheld"
          problem={about('from')}
          input={{ type: 'tel' }}
        />
        <TextField
          label="PIN that is keyed"
          name="pin"
          hint="Empty: none"
          problem={about('pin')}
          input={{ inputMode: 'numeric' }}
        />
        {wantsDigits ? (
          <TextField
            label="Last six digits of the caller"
            name="own_digits"
            problem={about('own_digits')}
            input={{ inputMode: 'numeric' }}
          />
        ) : null}
        <div class="filters-go">
          <button type="submit" class="button primary">
            Explain
          </button>
        </div>
      </form>
      {failure === null || blamed.length > 0 ? null : (
        <p class="failure" role="alert">
          <strong>{failure.message}</strong> {cureOf(failure)}
        </p>
      )}
      <div aria-live="polite">
        {explanation === null ? (
          failure === null ? (
            <Empty title="Nothing asked yet.">Enter a virtual number and who calls it.</Empty>
          ) : null
        ) : (
          <Answer explanation={explanation} />
        )}
      </div>
    </>
  );
}

function Answer({ explanation }: { explanation: Explanation }) {
  const { session_uuid: session, calls, trunks, ring_timeout: rings, call_time_limit: limit } = explanation;
  return (
    <>
      <p class="verdict">
        <Badge words={EXPLAINED_WORDS[explanation.outcome]} /> {explanation.explanation}
      </p>
      <div class="two">
        <Panel title="Rules, in their order">
          <RuleList rules={explanation.rules} />
        </Panel>
        <Panel title="Facts">
          <Facts
            facts={[
              ['Virtual number', phone(explanation.virtual_number)],
              ['The caller is', partyWords(explanation.caller)],
              [
                'Session',
                session === null ? (
                  'none'
                ) : (
                  <a key="session" class="id" href={hrefOf('sessions', session)}>
                    {session}
                  </a>
                ),
              ],
              calls === null ? null : ['Phone that would ring', phone(calls)],
              trunks.length === 0 ? null : ['Trunks, in their order', trunks.join(', ')],
              rings === null ? null : ['Rings for', span(rings * 1_000)],
              limit === null ? null : ['May last', span(limit * 1_000)],
              explanation.pin === null ? null : ['PIN', explanation.pin.replaceAll('_', ' ')],
              explanation.limit === null
                ? null
                : ['Limit that is reached', <code key="limit">{explanation.limit}</code>],
              explanation.status === null ? null : ['SIP status', explanation.status],
              ['Recorded', explanation.record ? 'yes' : 'no'],
            ]}
          />
        </Panel>
      </div>
    </>
  );
}
