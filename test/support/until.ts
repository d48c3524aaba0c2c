/** Resolves once this holds, which is looked at again and again: for what nobody tells of, such as a file that appears. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await Bun.sleep(1);
}
