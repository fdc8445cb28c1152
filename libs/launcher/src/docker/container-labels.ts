/** Labels on everything this launcher makes; how managers find their containers again. */
export const LABEL = {
  installation: 'roost.installation',
  instance_id: 'roost.instance_id',
  /** Absent from what was launched for the warm pool, as is the generation: labels cannot be changed later. */
  agent_id: 'roost.agent_id',
  generation: 'roost.generation',
} as const;

export const ofInstallation = (installation: string): string => `${LABEL.installation}=${installation}`;
