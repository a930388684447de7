/** Prints what a test measured: bounds in tests are generous, and figures are worth a look. */
export function figure(figures: Readonly<Record<string, number | string>>): void {
  process.stdout.write(`measured: ${JSON.stringify(figures)}\n`);
}
