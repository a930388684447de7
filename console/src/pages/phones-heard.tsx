/** What a phone heard: prompts, and keys of the other side. */
export function Heard(props: {
  heard: {
    readonly heard: readonly { readonly name: string; readonly completed: boolean }[];
    readonly digits_heard: string;
  };
}) {
  const { heard, digits_heard: digits } = props.heard;
  if (heard.length === 0 && digits === '') return null;
  return (
    <ul class="heard" aria-label="Heard">
      {heard.map(({ name, completed }, index) => (
        <li key={index}>
          {name}
          {completed ? '' : ' …'}
        </li>
      ))}
      {digits === '' ? null : <li>keys {digits}</li>}
    </ul>
  );
}
