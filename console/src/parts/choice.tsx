/** A choice of a few, side by side. */
export function Choice<T extends string>(props: {
  legend: string;
  options: readonly (readonly [value: T, label: string])[];
  value: T;
  onChange: (value: T) => void;
}) {
  const { legend, options, value, onChange } = props;
  return (
    <div class="choice" role="group" aria-label={legend}>
      {options.map(([each, label]) => (
        <button key={each} type="button" aria-pressed={each === value} onClick={() => onChange(each)}>
          {label}
        </button>
      ))}
    </div>
  );
}
