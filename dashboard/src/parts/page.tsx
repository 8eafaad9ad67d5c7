// The head of a view, which also names the browser's tab.
import { type ReactNode, useEffect } from "react";

export function Page({
  title,
  about,
  aside,
  children,
}: {
  title: string;
  /** What it is about, beside its title. */
  about?: string | undefined;
  aside?: ReactNode;
  children: ReactNode;
}) {
  useEffect(() => {
    document.title = `${about ? `${title} ${about}` : title} · Sluice`;
  }, [title, about]);
  return (
    <div className="page">
      <div className="page-head">
        <h1>
          {title} {about && <span className="about">{about}</span>}
        </h1>
        {aside}
      </div>
      {children}
    </div>
  );
}
