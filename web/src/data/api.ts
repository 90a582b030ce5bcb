// Requests to the services, and what can be wrong with them.

import { at } from "../base.js";
export class ApiError extends Error {
  constructor(
    readonly status: number, // 0: no answer at all
    readonly code: string,
    message: string,
    readonly retryAfter = 0, // seconds
  ) {
    super(message);
  }
  get offline() {
    return this.status === 0;
  }
  get signedOut() {
    return this.status === 401;
  }
}

const BASE = at("/api/v1");
const listeners = new Set<(error: ApiError) => void>();

/** Told of each 401: the session has ended. */
export function onSignedOut(listener: (error: ApiError) => void) {
  listeners.add(listener);
}

async function problem(answer: Response): Promise<ApiError> {
  let code = "http_" + answer.status;
  let text = answer.statusText;
  try {
    const body = await answer.json();
    code = String(body.code ?? code);
    text = String(body.detail ?? body.title ?? text);
  } catch {
    // not ours: a proxy's page
  }
  return new ApiError(answer.status, code, text, Number(answer.headers.get("retry-after")) || 0);
}

async function send(path: string, init: RequestInit): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(BASE + path, { credentials: "same-origin", ...init });
  } catch (e) {
    if ((e as Error).name === "AbortError") throw e;
    throw new ApiError(0, "offline", "");
  }
  if (answer.ok) return answer;
  const error = await problem(answer);
  if (error.signedOut) listeners.forEach(l => l(error));
  throw error;
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await send(path, { signal })).json();
}

/** Changes something; null for an answer without content. */
export async function change<T>(
  method: "POST" | "PATCH" | "DELETE",
  path: string,
  body?: unknown,
  keepalive = false,
): Promise<T | null> {
  const headers: Record<string, string> = { "x-hearth-csrf": "1" };
  if (body !== undefined) headers["content-type"] = "application/json";
  const answer = await send(path, {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
    keepalive,
  });
  const text = await answer.text();
  return text === "" ? null : JSON.parse(text);
}

/** "?a=1&b=2"; empty and missing values are left out. */
export function query(parameters: Record<string, string | number | null | undefined>): string {
  const pairs = Object.entries(parameters).filter(
    ([, v]) => v !== undefined && v !== null && v !== "",
  );
  return pairs.length === 0
    ? ""
    : "?" + new URLSearchParams(pairs.map(([k, v]) => [k, String(v)])).toString();
}
