// Reading: from the copy of the account if it has the answer, else from the server; and from the
// copy again, as well as it can, when the server cannot be reached.
import { ApiError, get } from "./api.js";
import { fromCopy } from "./copy/client.js";

export async function read<T>(path: string): Promise<T> {
  const found = await fromCopy<T>(path);
  if (found !== undefined) return found;
  // A place in a list that only the copy knew.
  if (/[?&]cursor=copy%3A/i.test(path) && !/[?&]q=/.test(path))
    throw new ApiError(-1, "copy_gone", "");
  try {
    return await get<T>(path);
  } catch (e) {
    if (!(e instanceof ApiError) || !e.offline || !/[?&]q=/.test(path)) throw e;
    const { listOffline } = await import("./offline.js");
    const found = await listOffline(path);
    if (!found) throw e;
    return found as T;
  }
}
