import { Panel } from '../parts/panel.js';
import { inUtc, moment } from '../text/clock.js';
import { TimeChart, type TimeChartProps } from './time-chart.js';

/** A chart and, for whoever reads rather than looks, its table. */
export function ChartPanel(props: TimeChartProps) {
  const { title, times, series, print } = props;
  const last = times.at(-1) ?? 0;
  return (
    <Panel title={title}>
      <TimeChart {...props} />
      <details class="as-table">
        <summary>As a table</summary>
        <div class="table-scroll" tabIndex={0} role="region" aria-label={`${title}, as a table`}>
          <table class="plain">
            <thead>
              <tr>
                <th scope="col">From</th>
                {series.map(({ name }) => (
                  <th key={name} scope="col" class="number">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {times.map((time, index) => (
                <tr key={time}>
                  <th scope="row" title={inUtc(time)}>
                    {moment(time, last)}
                  </th>
                  {series.map(({ name, values }) => {
                    const value = values[index] ?? null;
                    return (
                      <td key={name} class="number">
                        {value === null ? '–' : print(value)}
                      </td>
                    );
                  })}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </Panel>
  );
}
