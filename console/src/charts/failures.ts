/** How often each cause was, the most frequent first. */
export function failureTotals(
  steps: readonly { readonly failures: Readonly<Record<string, number>> }[],
): { readonly cause: string; readonly count: number }[] {
  const totals = new Map<string, number>();
  for (const { failures } of steps) {
    for (const [cause, count] of Object.entries(failures))
      totals.set(cause, (totals.get(cause) ?? 0) + count);
  }
  return [...totals]
    .map(([cause, count]) => ({ cause, count }))
    .sort((one, other) => other.count - one.count || one.cause.localeCompare(other.cause));
}
