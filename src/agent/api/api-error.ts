import { z } from 'zod';
import { type ErrorCode, errorCodes } from '../../error/codes.ts';
import { ProdngError } from '../../error/prodng-error.ts';

/** What the API answers when it does not do what was asked: the same as a command with `--json`. */
export const apiErrorSchema = z
  .object({
    error: z.object({
      code: z.string(),
      message: z.string(),
      hint: z.string().optional(),
      diagnostics: z
        .array(
          z.object({
            file: z.string(),
            line: z.number(),
            column: z.number().optional(),
            field: z.string().optional(),
            message: z.string(),
          }),
        )
        .optional(),
    }),
  })
  .meta({ id: 'Error' });

export type ApiError = z.infer<typeof apiErrorSchema>;

const statuses: Partial<Record<ErrorCode, number>> = {
  INTERNAL: 500,
  USAGE: 400,
  JAIL_UNKNOWN: 404,
  JAIL_STATE: 409,
  BUSY: 409,
  CONSENT: 409,
  POLICY: 403,
  ROLE: 403,
  SIGNATURE: 403,
  HOST_LACKS: 503,
};

/** The HTTP status of an error: the codes that are not named are what was sent, or asked for, being wrong. */
export function httpStatus(code: ErrorCode): number {
  return statuses[code] ?? 422;
}

export function apiError(error: ProdngError): ApiError {
  const { code, message, hint, diagnostics } = error;
  return {
    error: {
      code,
      message,
      ...(hint === undefined ? {} : { hint }),
      ...(diagnostics.length === 0 ? {} : { diagnostics: [...diagnostics] }),
    },
  };
}

/** The error that an answer carries. */
export function errorOf(answer: unknown): ProdngError {
  const parsed = apiErrorSchema.safeParse(answer);
  if (!parsed.success)
    return new ProdngError('AGENT', 'the agent answered with an error that cannot be read');
  const { code, message, hint, diagnostics = [] } = parsed.data.error;
  return new ProdngError(isErrorCode(code) ? code : 'AGENT', message, {
    ...(hint === undefined ? {} : { hint }),
    diagnostics: diagnostics.map(({ column, field, ...rest }) => ({
      ...rest,
      ...(column === undefined ? {} : { column }),
      ...(field === undefined ? {} : { field }),
    })),
  });
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorCodes, code);
}
