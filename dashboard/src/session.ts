// Who has signed in, for the views that offer actions.
import { createContext, use } from "react";
import type { Session } from "./api/client.ts";

export const SessionContext = createContext<Session | undefined>(undefined);

/** Whether to offer what needs this role. The server refuses it anyway. */
export function useMay(role: Session["role"]): boolean {
  return use(SessionContext)?.may.includes(role) ?? false;
}

export function useSubject(): string {
  return use(SessionContext)?.subject ?? "";
}
