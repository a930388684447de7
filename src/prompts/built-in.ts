/** Prompts that we ship, by what they say. FreeSWITCH finds the files relative to its sound folder. */
export const BUILT_IN = {
  enterPin: 'enter-pin.wav',
  ownDigits: 'own-digits.wav',
  wrongPin: 'wrong-pin.wav',
  tooManyAttempts: 'too-many-attempts.wav',
  notInService: 'not-in-service.wav',
  unavailable: 'unavailable.wav',
  unknownCaller: 'unknown-caller.wav',
} as const;

/** File name of a built-in prompt. */
export type BuiltInPrompt = (typeof BUILT_IN)[keyof typeof BUILT_IN];
