import type { CallTrace, TraceStep } from '../api/trace.js';
import { inUtc, timeOfDay } from '../text/clock.js';
import { span } from '../text/format.js';
import { STEP_WORDS } from '../text/words.js';

const LEG_WORDS = { a: 'A', b: 'B' } as const;

/** The steps of a call in words, in their order. */
export function StepList({ trace }: { trace: CallTrace }) {
  const begin = Date.parse(trace.started_at);
  return (
    <ol class="steps">
      {trace.steps.map((step, index) => {
        const at = Date.parse(step.at);
        return (
          <li key={index} class={step.step === 'refused' ? 'bad' : ''}>
            <time dateTime={step.at} title={inUtc(at)}>
              {timeOfDay(at)}
            </time>
            <span class="step-offset">+{span(at - begin)}</span>
            <span class="step-name">
              {STEP_WORDS[step.step]}
              {step.leg === null ? null : <span class="leg">{LEG_WORDS[step.leg]}</span>}
            </span>
            <span class="step-text">
              {step.text}
              {detailsOf(step).map((detail) => (
                <code key={detail}>{detail}</code>
              ))}
            </span>
          </li>
        );
      })}
    </ol>
  );
}

function detailsOf(step: TraceStep): string[] {
  const { trunk, cause, sip_status: status, rule } = step;
  return [
    ...(trunk === undefined ? [] : [`trunk ${trunk}`]),
    ...(cause === undefined ? [] : [cause]),
    ...(typeof status === 'number' ? [`SIP ${status}`] : []),
    ...(rule === undefined ? [] : [`rule ${rule}`]),
  ];
}
