/** Without a terminal only `--yes` permits it; at one the person is asked. */
export async function mayWrite(question: string, yes: boolean, interactive: boolean): Promise<boolean> {
  if (yes || !interactive) return yes;
  const { confirm, isCancel } = await import('@clack/prompts');
  const answer = await confirm({ message: question, initialValue: true });
  return !isCancel(answer) && answer;
}
