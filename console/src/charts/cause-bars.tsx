import { count, percent } from '../text/format.js';

/** How often each cause was, as a table whose cells are bars. */
export function CauseBars({
  causes,
}: {
  causes: readonly { readonly cause: string; readonly count: number }[];
}) {
  const all = causes.reduce((sum, cause) => sum + cause.count, 0);
  const most = Math.max(1, ...causes.map((cause) => cause.count));
  return (
    <table class="plain causes">
      <thead>
        <tr>
          <th scope="col">Reason or hangup cause</th>
          <th scope="col" class="number">
            Calls
          </th>
          <th scope="col" class="number">
            Share
          </th>
          <th scope="col" class="bar-cell">
            <span class="unseen">Bar</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {causes.map((cause) => (
          <tr key={cause.cause}>
            <th scope="row">
              <code>{cause.cause}</code>
            </th>
            <td class="number">{count(cause.count)}</td>
            <td class="number">{percent(cause.count / all)}</td>
            <td class="bar-cell">
              <meter class="load" min={0} max={most} value={cause.count} aria-label={cause.cause} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
